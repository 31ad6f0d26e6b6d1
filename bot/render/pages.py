"""A brief as one HTML page that needs nothing else: no script, no request, its style allowed by its own hash.

Jinja escapes everything; texts of papers come in sanitised, addresses only if they are http or https.
"""

import base64
import hashlib
from importlib import resources

import jinja2

from bot import __version__
from bot.model import Brief
from bot.render import labels
from bot.render.bills import bill_line, overview_sentences
from bot.render.items import dropped_line, receipt_line, written_by
from bot.render.page_items import operators_wording, page_item
from bot.render.statements import silence_to_operator
from bot.render.text import sanitise


def render_html(brief: Brief) -> str:
    """Return a complete HTML document, readable from 320 pixels up, light or dark as the reader's system is."""
    files = resources.files("bot.render").joinpath("templates")
    style = "".join(files.joinpath(name).read_text(encoding="utf-8") for name in ("pieces.css", "brief.css")).strip()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bot.render"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("brief.html.j2")
    wording = operators_wording()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return template.render(
        labels=labels,
        say=wording.texts.say,
        style=style,
        style_hash=f"sha256-{digest}",
        language=sanitise(brief.language),
        topic=sanitise(brief.topic.name(brief.language)),
        day=labels.format_date(brief.announced_on),
        announced_on=brief.announced_on.isoformat(),
        receipt=receipt_line(brief),
        dropped=dropped_line(brief.receipt),
        silence=sanitise(silence_to_operator(brief.silence) or ("" if brief.items else labels.NOTHING)),
        overview=overview_sentences(brief.overview, [item.paper.arxiv_id for item in brief.items]),
        overview_producer=written_by(brief.overview.producer) if brief.overview is not None else "",
        bill=bill_line(brief.bill),
        items=[page_item(item, wording) for item in brief.items],
        version=__version__,
    )
