"""/status, /why, /privacy, /forget-me and /help."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.delivery import TopicKey
from bot.i18n import Refusal, Texts
from bot.model import Topic
from bot.render.text import clip, escape_discord, readable
from bot.services import Services
from cogs._shared.answers import Answer
from cogs._shared.checks import is_owner
from cogs._shared.host import tree_of
from cogs._shared.inputs import parse_paper
from cogs._shared.topics import find_topic, topic_choices
from cogs._views.lookup import paper_choices
from cogs._views.papers import edition_of
from cogs.admin._buttons import forget_view
from cogs.admin._lines import fate_lines, owner_embed, privacy_text, receipt_text, standing_embed

_MAX_TOPICS = 5
_MAX_PAPERS = 10
_MAX_HELP = 4096
_MAX_WHY = 1900


class Admin(commands.Cog):
    """Explains the bot and what it did."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="The last and the next announcement, and what is waiting to be sent")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def status(self, interaction: discord.Interaction) -> None:
        """Show how things stand, with the receipts of this channel's topics."""
        async with Answer(interaction) as answer:
            standing = await self._services.explainer.standing()
            receipts = []
            for topic, _, language in await self._subscribed(interaction):
                found = await self._services.explainer.receipt(topic, language, interaction.channel_id)
                if found is not None:
                    day, receipt = found
                    receipts.append(
                        (
                            topic,
                            answer.texts.say(
                                "{what}: {why}", what=answer.texts.date(day), why=receipt_text(receipt, answer.texts)
                            ),
                        )
                    )
            counts = await self._services.outbox.counts()
            model = await self._services.billing.standing()
            site = await self._services.publications.load()
            told = await self._services.owner_view.lines(answer.texts) if is_owner(interaction) else []
            embeds = [standing_embed(standing, counts, receipts, answer.texts, model, site)]
            await answer.send(embeds=embeds + ([owner_embed(told, answer.texts)] if told else []))

    @app_commands.command(description="Why a paper was posted here, or why not")
    @app_commands.describe(paper="Its arXiv id or address", topic="The topic; those of this channel if left out")
    @app_commands.autocomplete(topic=topic_choices)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def why(self, interaction: discord.Interaction, paper: str, topic: str | None = None) -> None:
        """Say how far a paper came under each topic of this channel, or under the one that was named."""
        async with Answer(interaction) as answer:
            texts = answer.texts
            wanted = parse_paper(paper)
            found = await self._services.papers.load_paper(wanted.arxiv_id)
            if found is None:
                raise Refusal(
                    "I hold no paper {paper}: none of the categories that I read has announced it.",
                    paper=f"`{wanted.arxiv_id}`",
                )
            judged = await self._judged_by(interaction, topic)
            fates = [
                await self._services.explainer.why(
                    found,
                    one,
                    max_papers=most,
                    edition=await edition_of(interaction, TopicKey(one.slug, one.guild_id)),
                )
                for one, most in judged
            ]
            title = f"**{escape_discord(clip(readable(found.title), 200))}** (`{found.arxiv_id}`)"
            room = (_MAX_WHY - len(title)) // len(fates)
            await answer.send("\n".join([title, *(fate_lines(fate, texts, room) for fate in fates)]))

    @why.autocomplete("paper")
    async def _paper_choices(self, _interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await paper_choices(self._services, typed)

    async def _judged_by(self, interaction: discord.Interaction, typed: str | None) -> list[tuple[Topic, int]]:
        """Return the topics to judge a paper by, with how many papers their briefs show."""
        subscribed = await self._subscribed(interaction)
        if typed is not None:
            topic = await find_topic(interaction, typed)
            return [(topic, next((most for one, most, _ in subscribed if one == topic), _MAX_PAPERS))]
        if not subscribed:
            raise Refusal("Nothing is subscribed in this channel. Name a topic with the option `topic`.")
        return [(topic, most) for topic, most, _ in subscribed]

    async def _subscribed(self, interaction: discord.Interaction) -> list[tuple[Topic, int, str]]:
        """Return the topics of this channel with the number of papers and the language of their briefs."""
        if interaction.guild_id is None:
            return []
        found: list[tuple[Topic, int, str]] = []
        for one in await self._services.subscriptions.load_guild(interaction.guild_id):
            if one.channel_id == interaction.channel_id and len(found) < _MAX_TOPICS:
                topic = await self._services.topics.load(one.topic)
                if topic is not None:
                    found.append((topic, one.max_papers, one.language))
        return found

    @app_commands.command(description="What is stored about you and this server")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def privacy(self, interaction: discord.Interaction) -> None:
        """Say what is stored."""
        async with Answer(interaction) as answer:
            held = await self._services.readers.describe(interaction.user.id)
            await answer.send(privacy_text(held, answer.texts))

    @app_commands.command(name="forget-me", description="Delete all that is stored about you")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def forget_me(self, interaction: discord.Interaction) -> None:
        """Ask, then delete."""
        async with Answer(interaction) as answer:
            question = answer.texts.say(
                "Delete your library, your marks, your look-ups and the count of your questions? This cannot be undone."
            )
            await answer.send(question, view=forget_view(answer.texts))

    @app_commands.command(name="help", description="What this bot does, and its commands")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def help_(self, interaction: discord.Interaction) -> None:
        """List every command with what it does."""
        async with Answer(interaction) as answer:
            lines = command_lines(tree_of(interaction), answer.texts)
            intro = answer.texts.say(
                "I read every arXiv announcement and post briefs: which papers are new on a topic, with a receipt of "
                "what was read and what was left out. An admin begins with `/subscribe`."
            )
            if self._services.asker.ready:
                person, server = self._services.asker.limits
                intro += "\n" + answer.texts.say(
                    "`/ask` answers {person} questions a day for each person and {server} for a server.",
                    person=f"{person:,}",
                    server=f"{server:,}",
                )
            listed = discord.Embed(title=answer.texts.say("Commands"), description="\n".join(lines)[:_MAX_HELP])
            await answer.send(intro, embeds=[listed])


def command_lines(tree: app_commands.CommandTree[Any], texts: Texts) -> list[str]:
    """Return a line for every command, by name: as Discord shows it in the user's language, and what it does."""
    lines = []
    for command in sorted(tree.walk_commands(), key=lambda one: one.qualified_name):
        if isinstance(command, app_commands.Command):
            name = " ".join(texts.command_name(part) for part in command.qualified_name.split(" "))
            lines.append(f"`/{name}` {texts.say(command.description)}")
    return lines
