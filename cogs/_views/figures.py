"""The figures of a paper: the first one under its details, and a button for all that may be shown."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.errors import StoreError
from bot.figures import Figure, NoFigures
from bot.i18n import Refusal, Texts
from bot.log import get_logger
from bot.render.figures import MAX_FIGURES, embed_length, file_name, render_figure
from cogs._shared.answers import Answer, reported
from cogs._shared.buttons import PaperButton
from cogs._shared.host import services_of
from cogs._views.links import ARXIV_ID, load_details

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attached:
    """Embeds with the files they show; `length`: the characters that they take of a message's 6,000."""

    embeds: tuple[discord.Embed, ...] = ()
    files: tuple[discord.File, ...] = ()
    length: int = 0


class FiguresButton(PaperButton, template=rf"pb:fig:{ARXIV_ID}"):
    """Opens the first figures, cut out of the PDF where nobody did so before."""

    kind = "fig"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show them, or say why there are none and where the paper has them."""
        async with Answer(interaction) as answer:
            paper = (await load_details(interaction, self.arxiv_id)).paper
            found = await services_of(interaction.client).figures.find(paper)
            if isinstance(found, NoFigures):
                raise _refusal(found, paper.arxiv_id)
            shown = _attach(found[:MAX_FIGURES], answer.texts)
            await answer.send(embeds=shown.embeds, files=shown.files)


async def attached(interaction: discord.Interaction, arxiv_id: str, texts: Texts) -> Attached:
    """Return the first figure of a paper that is stored and may be shown here, if any; never asks arXiv."""
    if not interaction.app_permissions.attach_files:
        return Attached()
    try:
        figures = await services_of(interaction.client).figures.load(arxiv_id)
    except StoreError as error:
        # The details are worth showing without it.
        _log.warning("figures.not_loaded", arxiv_id=arxiv_id, error=str(error))
        return Attached()
    return _attach(figures[:1], texts)


def _attach(figures: Sequence[Figure], texts: Texts) -> Attached:
    embeds = [render_figure(one, texts) for one in figures]
    return Attached(
        tuple(map(discord.Embed.from_dict, embeds)),
        tuple(discord.File(io.BytesIO(one.data), file_name(one)) for one in figures),
        sum(map(embed_length, embeds)),
    )


def _refusal(why: NoFigures, arxiv_id: str) -> Refusal:
    link = f"<https://arxiv.org/pdf/{arxiv_id}>"
    if why is NoFigures.OFF:
        return Refusal("Figures are not turned on here. The paper has them: {link}", link=link)
    if why is NoFigures.CLOSED:
        return Refusal("This paper’s licence does not let me show its figures. The paper has them: {link}", link=link)
    if why is NoFigures.NONE:
        return Refusal("I found no figure in this paper that I can show. See for yourself: {link}", link=link)
    return Refusal("I do not have the figures yet. Please try again later, or see the paper: {link}", link=link)
