"""A figure's embed: caption, credit and licence beside it, whatever the caption says, within what it may take."""

from hypothesis import given
from hypothesis import strategies as st

from bot.figures import Figure, open_licence
from bot.i18n import load_texts
from bot.model import Paper
from bot.render.details import PaperDetails, render_details
from bot.render.embeds import MAX_TOTAL
from bot.render.figures import MAX_FIGURES, embed_length, figure_credit, render_figure
from bot.render.text import discord_length
from bot.texts import Summary

LICENCE = open_licence("http://creativecommons.org/licenses/by-sa/4.0/")


def make(caption: str = "Turnips by year.", credit: str = "Ann Lee, arXiv:2605.00001v2", number: int = 2) -> Figure:
    assert LICENCE is not None
    return Figure("2605.00001", 2, number, caption, 640, 480, "image/webp", b"", LICENCE, credit)


def test_credit_and_licence_stand_beside_it() -> None:
    assert render_figure(make(), load_texts("en")) == {
        "title": "Figure 2",
        "description": (
            "Turnips by year.\n-# Ann Lee, arXiv:2605.00001v2. Licence: CC BY-SA 4.0. Cut out of the paper’s PDF. "
            "[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/)"
        ),
        "image": {"url": "attachment://figure-2.webp"},
    }
    assert render_figure(make(""), load_texts("en"))["description"].startswith("-# Ann Lee")


def test_details_leave_room_for_it() -> None:
    paper = Paper("2605.00001", "T" * 250, "x", ("A" * 300,), "cs.CL", ("cs.CL",), comment="c" * 900)
    summary = Summary("2605.00001", 1, "en", "Turnips grow. " * 300, (0,), (), "extractive", "1")
    details = PaperDetails(paper, summary, {})

    def length(room: int) -> int:
        embed = render_details(details, load_texts("en"), room=room)
        fields = [one[part] for one in embed["fields"] for part in ("name", "value")]
        return sum(map(discord_length, (embed["title"], embed["description"], embed["footer"]["text"], *fields)))

    assert length(MAX_TOTAL) > 1800
    assert length(1800) <= 1800


def test_in_chinese() -> None:
    texts = load_texts("zh-CN")
    assert render_figure(make(), texts)["title"] == "图 2"
    assert figure_credit(make(), texts) == "Ann Lee, arXiv:2605.00001v2。许可协议：CC BY-SA 4.0。截取自论文 PDF。"


@given(st.text(max_size=2000), st.text(max_size=400), st.integers(1, 99))
def test_any_caption_fits_and_stays_text(caption: str, credit: str, number: int) -> None:
    embed = render_figure(make(caption, credit, number), load_texts("en"))
    said = embed["description"]
    assert embed_length(embed) == discord_length(embed["title"]) + discord_length(said)
    assert embed_length(embed) * MAX_FIGURES <= MAX_TOTAL
    assert said.endswith(" [CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/)")
    assert not {"\u202e", "\u0000", "\u200b"} & set(said)


def test_markup_of_a_caption_is_inert() -> None:
    said = render_figure(make("@everyone [x](https://evil.example) <#1> **b** <script>"), load_texts("en"))[
        "description"
    ]
    assert "](https://evil.example)" not in said
    assert "**b**" not in said
    assert "<#1>" not in said
