"""/paper, /search, /related and /trending: finding papers. They work everywhere, in direct messages too."""

import re
from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n import Refusal
from bot.render.details import PAGE, ListedPaper, render_list
from bot.services import Services
from cogs._shared.answers import Answer
from cogs._shared.host import services_of
from cogs._shared.inputs import MAX_CHOICES, shown
from cogs._views import hits, papers
from cogs._views.dates import parse_date
from cogs._views.hits import Search, check_search, run_search, show_hits
from cogs._views.links import count_look_up
from cogs._views.lookup import find_named, find_one, is_named, paper_choices
from cogs._views.papers import list_view, show_paper, show_related


class Papers(commands.Cog):
    """Looking papers up."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="One paper: summary, key points, links, abstract, citation")
    @app_commands.describe(paper="An arXiv id, an address on arxiv.org, or words of the title")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def paper(self, interaction: discord.Interaction, paper: str) -> None:
        """Show the paper, or those that the words may mean."""
        async with Answer(interaction) as answer:
            if not is_named(paper):
                search = check_search(Search(paper, newest=False))
                found = await run_search(self._services, search, limit=2)
                if len(found) != 1:
                    await show_hits(interaction, answer, search)
                    return
                paper = found[0].paper.arxiv_id
            details, note = await find_named(self._services, paper, answer.texts)
            await show_paper(interaction, answer, details, note=note)
        await count_look_up(interaction, details.paper.arxiv_id)

    @app_commands.command(description="Search titles, abstracts and authors")
    @app_commands.describe(
        query='Words that all occur; "quoted words" are a phrase, a * ends a beginning of a word',
        category="Only this category, such as cs.CL",
        since="Only papers announced since then: 2026-05-12, or 30 days",
        author="Only papers with this author",
        sort="The order",
    )
    @app_commands.choices(
        sort=[
            app_commands.Choice(name="newest first", value="newest"),
            app_commands.Choice(name="best first", value="relevance"),
        ]
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def search(
        self,
        interaction: discord.Interaction,
        query: str,
        category: str | None = None,
        since: str | None = None,
        author: str | None = None,
        sort: str = "newest",
    ) -> None:
        """Show the first page of what was found."""
        async with Answer(interaction) as answer:
            search = Search(
                query,
                category=_category(category),
                since=parse_date(since, self._services.clock.now().date()),
                author=author,
                newest=sort == "newest",
            )
            await show_hits(interaction, answer, check_search(search))

    @app_commands.command(description="Papers that are about the same thing")
    @app_commands.describe(
        paper="An arXiv id, an address on arxiv.org, or words of the title",
        surveys_first="Surveys and reviews before all others",
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def related(self, interaction: discord.Interaction, paper: str, surveys_first: bool = False) -> None:
        """Show them."""
        async with Answer(interaction) as answer:
            details = await find_one(self._services, paper)
            await show_related(interaction, answer, details.paper, surveys_first=surveys_first)

    @app_commands.command(description="What was most looked up and saved in this server")
    @app_commands.describe(days="Over how many days; 7 unless you say otherwise")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def trending(self, interaction: discord.Interaction, days: app_commands.Range[int, 1, 90] = 7) -> None:
        """Show it."""
        async with Answer(interaction) as answer:
            if interaction.guild_id is None:
                raise Refusal("This works in a server, not in direct messages.")
            texts = answer.texts
            since = self._services.clock.now() - timedelta(days=days)
            trends = await self._services.readers.trending(interaction.guild_id, since, PAGE)
            listed = []
            for one in trends:
                said = [texts.count("{n} look-up", "{n} look-ups", one.look_ups)] if one.look_ups else []
                said += [texts.count("saved by {n}", "saved by {n}", one.saves)] if one.saves else []
                listed.append(ListedPaper(one.paper, " · ".join(said)))
            if not listed:
                await answer.send(texts.say("Nobody looked anything up or saved anything here in that time."))
                return
            heading = texts.count("Trending here: the last day", "Trending here: the last {n} days", days)
            view = list_view([one.paper for one in listed], texts)
            await answer.send(embeds=[discord.Embed.from_dict(render_list(heading, listed, texts))], view=view)

    @paper.autocomplete("paper")
    @related.autocomplete("paper")
    async def _paper_choices(self, _interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await paper_choices(self._services, typed)

    @search.autocomplete("category")
    async def _category_choices(self, _interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        known = await self._services.announcements.load_categories()
        key = typed.strip().casefold()
        found = sorted(
            (one for one in known if key in one.casefold()), key=lambda one: not one.casefold().startswith(key)
        )
        return [app_commands.Choice(name=one, value=one) for one in found[:MAX_CHOICES]]


def _category(typed: str | None) -> str | None:
    """Return a category as arXiv writes it. Raises `Refusal` for what cannot be one."""
    name = (typed or "").strip()
    if not name:
        return None
    if not re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)?(?:\.[A-Za-z-]{2,12})?", name):
        raise Refusal(
            "“{category}” is not a category of arXiv. Expected one such as cs.CL or math.CO.", category=shown(name, 40)
        )
    return name


async def setup(bot: commands.Bot) -> None:
    """Add the commands, and the components that outlive a restart."""
    bot.add_dynamic_items(*papers.ITEMS, *hits.ITEMS)
    await bot.add_cog(Papers(services_of(bot)))
