"""/ask: a question about one paper, answered from its text with quotes. It works everywhere, in direct messages too."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.services import Services
from cogs._shared.answers import Answer
from cogs._shared.host import services_of
from cogs._views import asking
from cogs._views.asking import MAX_QUESTION, show_answer
from cogs._views.links import count_look_up
from cogs._views.lookup import find_named, find_one, is_named, paper_choices


class Ask(commands.Cog):
    """Asking papers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Ask a question about a paper: an answer from its text, with quotes")
    @app_commands.describe(
        paper="An arXiv id, an address on arxiv.org, or words of the title", question="What you want to know"
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ask(
        self, interaction: discord.Interaction, paper: str, question: app_commands.Range[str, 1, MAX_QUESTION]
    ) -> None:
        """Answer it, for this user alone."""
        async with Answer(interaction) as answer:
            # Before arXiv is asked for a paper that nobody could answer about.
            self._services.asker.require_model()
            note = None
            if is_named(paper):
                details, note = await find_named(self._services, paper, answer.texts)
            else:
                details = await find_one(self._services, paper)
            await show_answer(interaction, answer, details.paper, question, note=note)
        await count_look_up(interaction, details.paper.arxiv_id)

    @ask.autocomplete("paper")
    async def _paper_choices(self, _interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await paper_choices(self._services, typed)


async def setup(bot: commands.Bot) -> None:
    """Add the command, and the button that outlives a restart."""
    bot.add_dynamic_items(*asking.ITEMS)
    await bot.add_cog(Ask(services_of(bot)))
