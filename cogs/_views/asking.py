"""Questions about one paper: the button under its details, the form that it opens, and the answer."""

from typing import Any

import discord

from bot.i18n import Texts
from bot.model import Paper
from bot.render.answers import render_answer
from cogs._shared.answers import Answer, ReportingModal, reported, texts_of
from cogs._shared.buttons import PaperButton
from cogs._shared.host import services_of
from cogs._views.links import ARXIV_ID, count_look_up, load_details

MAX_QUESTION = 500


def answer_language(interaction: discord.Interaction) -> str:
    """Return the language that the user's Discord is in, as a BCP 47 tag."""
    locale = interaction.locale.value
    # Two sorts of English make no difference to an answer.
    return "en" if locale.startswith("en") else locale


async def show_answer(
    interaction: discord.Interaction, answer: Answer, paper: Paper, question: str, *, note: str | None = None
) -> None:
    """Ask and show the answer; `note` stands above it. Raises `Refusal`."""
    asker = services_of(interaction.client).asker
    found = await asker.ask(
        paper,
        question,
        answer_language(interaction),
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
    )
    await answer.send(note, embeds=[discord.Embed.from_dict(render_answer(found, answer.texts))])


class AskForm(ReportingModal):
    """Asks for the question."""

    def __init__(self, arxiv_id: str, texts: Texts) -> None:
        super().__init__(title=texts.say("Ask about this paper"), custom_id=f"pb:ask:form:{arxiv_id}")
        self._arxiv_id = arxiv_id
        self.question: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="question", max_length=MAX_QUESTION, style=discord.TextStyle.paragraph
        )
        self.add_item(discord.ui.Label(text=texts.say("Your question"), component=self.question))

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Answer it, for this user alone."""
        async with Answer(interaction) as answer:
            found = await load_details(interaction, self._arxiv_id)
            await show_answer(interaction, answer, found.paper, self.question.value)
        await count_look_up(interaction, self._arxiv_id)


class AskButton(PaperButton, template=rf"pb:ask:{ARXIV_ID}"):
    """Opens the form."""

    kind = "ask"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Open the form; without a model, say so at once."""
        services_of(interaction.client).asker.require_model()
        await interaction.response.send_modal(AskForm(self.arxiv_id, texts_of(interaction)))


ITEMS = (AskButton,)
