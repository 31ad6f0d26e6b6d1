"""A figure beside its caption, credit and licence, as a Discord embed; and the same words for the web edition. Pure.

The caption is a stranger's and is escaped; the picture itself is sent beside the embed under `file_name`.
"""

from typing import Any

from bot.figures import Figure, FigureSearch, open_licence
from bot.i18n import Texts
from bot.model import Paper
from bot.render.details import fitted
from bot.render.text import authors_line, discord_length, readable

MAX_CAPTION = 700
MAX_CREDIT = 300
MAX_FIGURES = 4
"""Embeds of figures in one message: each has less than 1,300 of its 6,000 characters."""

_MAX_AUTHORS = 200


def figures_to_show(paper: Paper, found: FigureSearch, most: int = MAX_FIGURES) -> tuple[Figure, ...]:
    """Return the first `most` that may be shown of what was found in a paper, with what has to stand beside them.

    None unless both are open licences, that of the version and that of the paper today; none of a withdrawn paper.
    Whether the owner turned figures on is the caller's to ask.
    """
    licence = open_licence(found.licence)
    if licence is None or open_licence(paper.licence) is None or paper.withdrawn:
        return ()
    authors = authors_line(paper.authors, complete=paper.authors_complete, limit=_MAX_AUTHORS)
    credit = ", ".join(filter(None, (authors, f"arXiv:{paper.arxiv_id}v{found.version}")))
    return tuple(
        Figure(
            arxiv_id=paper.arxiv_id,
            version=found.version,
            number=one.number,
            caption=one.caption,
            width=one.width,
            height=one.height,
            content_type=one.content_type,
            data=one.data,
            licence=licence,
            credit=credit,
        )
        for one in found.figures[:most]
    )


def file_name(figure: Figure) -> str:
    """Return the name under which the picture is attached."""
    return f"figure-{figure.number}.webp"


def figure_label(figure: Figure, texts: Texts) -> str:
    """Return what the figure is called in the reader's language."""
    return texts.say("Figure {number}", number=figure.number)


def figure_credit(figure: Figure, texts: Texts) -> str:
    """Return whose figure it is, its licence by name, and that it is a part of the paper; plain text."""
    return texts.say(
        "{credit}. Licence: {licence}. Cut out of the paper’s PDF.",
        credit=readable(figure.credit),
        licence=figure.licence.name,
    )


def render_figure(figure: Figure, texts: Texts) -> dict[str, Any]:
    """Return the embed of one figure, whose picture is attached under `file_name`."""
    said = fitted(figure_credit(figure, texts), MAX_CREDIT)
    caption = fitted(readable(figure.caption), MAX_CAPTION)
    # Names and addresses of licences are our own words.
    last = f"-# {said} [{figure.licence.name}]({figure.licence.url})"
    return {
        "title": figure_label(figure, texts),
        "description": "\n".join(line for line in (caption, last) if line),
        "image": {"url": f"attachment://{file_name(figure)}"},
    }


def embed_length(embed: dict[str, Any]) -> int:
    """Return how many of a message's 6,000 characters an embed of `render_figure` takes."""
    return discord_length(embed["title"]) + discord_length(embed["description"])
