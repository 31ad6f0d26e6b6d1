"""/save, /library and /export: a reader's own list of papers, everywhere the same."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.render.citations import CitationFormat
from bot.services import Services
from cogs._shared.answers import Answer
from cogs._shared.host import services_of
from cogs._views import library
from cogs._views.library import OWN_DATA, send_export, send_own_data, show_library
from cogs._views.lookup import find_one, paper_choices
from cogs._views.papers import save


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Library(commands.Cog):
    """Keeping papers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="save", description="Put a paper into your library")
    @app_commands.describe(paper="An arXiv id, an address on arxiv.org, or words of the title")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def save_paper(self, interaction: discord.Interaction, paper: str) -> None:
        """Save it."""
        async with Answer(interaction) as answer:
            details = await find_one(self._services, paper)
            await save(interaction, answer, details.paper)

    @app_commands.command(name="library", description="The papers you saved")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def show(self, interaction: discord.Interaction) -> None:
        """Show the first page."""
        async with Answer(interaction) as answer:
            await show_library(interaction, answer, 0)

    @app_commands.command(description="Your library, or all that is stored about you, as a file")
    @app_commands.rename(kind="format")
    @app_commands.describe(kind="What the file is for")
    @app_commands.choices(
        kind=[
            app_commands.Choice(name="BibTeX", value=CitationFormat.BIBTEX.value),
            app_commands.Choice(name="RIS", value=CitationFormat.RIS.value),
            app_commands.Choice(name="Markdown", value=CitationFormat.MARKDOWN.value),
            app_commands.Choice(name="All that is stored about you (JSON)", value=OWN_DATA),
        ]
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def export(self, interaction: discord.Interaction, kind: str = CitationFormat.BIBTEX.value) -> None:
        """Send the file, for this user alone."""
        async with Answer(interaction) as answer:
            if kind == OWN_DATA:
                await send_own_data(interaction, answer)
            else:
                await send_export(interaction, answer, CitationFormat(kind))

    @save_paper.autocomplete("paper")
    async def _paper_choices(self, _interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await paper_choices(self._services, typed)


async def setup(bot: commands.Bot) -> None:
    """Add the commands, and the components that outlive a restart."""
    bot.add_dynamic_items(*library.ITEMS)
    await bot.add_cog(Library(services_of(bot)))
