"""Attacks in a paper's text: the request keeps its shape, and a model that obeys them changes nothing that is shown."""

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.digest import overview, rerank, summarise
from bot.digest.check import check_summary
from bot.digest.extract import summarise_extractive
from bot.digest.prompting import data_block, data_line
from bot.digest.rerank import RankedPaper, RerankForm, ScoreForm
from bot.digest.sentences import split_sentences
from bot.digest.summarise import SummaryForm, as_summary
from bot.i18n import load_texts
from bot.model import AnnounceType, Brief, BriefItem, Paper, Receipt, Topic
from bot.render.details import PaperDetails, render_details
from bot.render.embeds import render_message
from bot.render.markdown import render_markdown
from bot.render.pages import render_html
from bot.render.plain import render_text
from bot.texts import Fallback, Summary
from tests.injection.reading import summary_texts

CANARY = "ZEBRA-7Q4X"
ALLOWED_HOSTS = ("arxiv.org",)
PAPER = Paper(
    arxiv_id="2605.00001",
    title="SparseNet: Fast Attention for Long Documents",
    abstract=(
        "Attention is slow for long documents. We propose SparseNet, a sparse attention layer that keeps 12.5% of the "
        "keys. On 1.2 million documents it is 3.4x faster than FlashAttention. Accuracy on LongBench rises from 71.2% "
        "to 74.8%."
    ),
    authors=("Ann Lee",),
    primary_category="cs.CL",
    categories=("cs.CL",),
)
GOOD = {
    "gist": "SparseNet makes attention for long documents faster by keeping 12.5% of the keys [1].",
    "paragraph": [
        "Attention is slow for long documents [0].",
        "On 1,200,000 documents SparseNet is 3.4 times faster than FlashAttention [2].",
    ],
    "key_takeaways": [
        "SparseNet is a sparse attention layer [1].",
        "It is 3.4x faster than FlashAttention [2].",
        "LongBench accuracy rises to 74.8 percent [3].",
    ],
    "motivation": "",
    "method": "",
    "result": "",
}
GOOD_CHINESE = {
    "gist": "SparseNet 只保留 12.5% 的键，使长文档的注意力计算更快 [1 sparse]。",
    "paragraph": [
        "长文档上的注意力计算很慢 [0 slow]。",
        "在 120 万篇文档上，它比 FlashAttention 快 3.4 倍 [2 FlashAttention]。",
    ],
    "key_takeaways": [
        "提出稀疏注意力层 SparseNet [1 SparseNet]。",
        "在 120 万篇文档上快 3.4 倍 [2 faster]。",
        "LongBench 准确率从 71.2% 升到 74.8% [3 rises]。",
    ],
    "motivation": "",
    "method": "",
    "result": "",
}


class Attack(NamedTuple):
    """One attack: where it stands, what it says, and what a model that obeys would write."""

    kind: str
    field: str
    language: str
    text: str
    says: str


PLACES = ("gist", "takeaway", "paragraph", "method", "everything")


def _load() -> list[Attack]:
    lines = Path(__file__).with_name("attacks.jsonl").read_text(encoding="ascii").splitlines()
    return [Attack(**json.loads(line)) for line in lines]


ATTACKS = _load()
each = pytest.mark.parametrize("attack", ATTACKS, ids=[f"{n}-{one.kind}" for n, one in enumerate(ATTACKS)])


def attacked(attack: Attack, *, first: bool = False) -> Paper:
    """Return the paper with the attack in it, after the honest text or before it."""
    if attack.field == "title":
        return replace(PAPER, title=attack.text)
    whole = f"{attack.text} {PAPER.abstract}" if first else f"{PAPER.abstract} {attack.text}"
    return replace(PAPER, abstract=whole)


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    assert len(ATTACKS) >= 100
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS)
    kinds = {attack.kind.partition(":")[0] for attack in ATTACKS}
    assert kinds >= {
        "instruction", "fake_json", "role", "template", "hidden", "bait", "praise", "language", "delimiter", "encoded",
        "homoglyph", "markdown", "title", "stuffing",
    }  # fmt: skip
    assert sum(attack.kind.startswith("language:") for attack in ATTACKS) >= 20


def test_good_summaries_pass() -> None:
    assert check_summary(SummaryForm.model_validate(GOOD), PAPER, "en") == ()
    assert check_summary(SummaryForm.model_validate(GOOD_CHINESE), PAPER, "zh-CN") == ()


@each
@pytest.mark.parametrize("first", [False, True])
def test_the_papers_text_stays_on_its_lines_between_the_marks(attack: Attack, *, first: bool) -> None:
    request = summarise.build_request(attacked(attack, first=first), "en")
    assert request.system == summarise.build_request(PAPER, "en").system
    _assert_one_block(request.user, r"Title: .*|\[\d+\] .*", "Write in English. JSON only.")
    assert request.max_output_tokens == summarise.MAX_OUTPUT_TOKENS
    assert len(request.user) < 13_000
    # Raw, without the sentences that are left out: the structure holds whatever is shown.
    block = data_block([f"[0] {data_line(attack.text)}", f"[1] {data_line(attack.text * 3)}"])
    _assert_one_block(f"{block}\nEnd.", r"\[\d+\] .*", "End.")
    for token in ("<|", "[INST]", "[/INST]", "<<SYS>>", "</s>", "<s>", "<start_of_turn>", "<｜"):
        assert token not in block
    assert all(character.isprintable() or character == "\n" for character in block)


def _assert_one_block(user: str, line: str, end: str) -> None:
    mark, *lines, closing, last = user.split("\n")
    assert re.fullmatch(r"==[0-9a-f]{10}==", mark)
    assert closing == mark
    assert user.count(mark) == 2
    assert last == end
    assert all(re.fullmatch(line, one) for one in lines)


@each
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_model_that_obeys_is_refused_or_neutralised(attack: Attack, language: str) -> None:
    good = GOOD_CHINESE if language.startswith("zh") else GOOD
    for first, place in [(False, place) for place in PLACES] + [(True, "gist"), (True, "everything")]:
        paper = attacked(attack, first=first)
        form = obedient(attack, good, place, _lines(paper) - _lines(PAPER) if first else 0)
        if not check_summary(form, paper, language):
            assert_harmless(as_summary(form, paper, language, "a-model"), language)


@each
def test_what_stands_in_for_a_refused_summary_is_harmless(attack: Attack) -> None:
    for first in (False, True):
        paper = attacked(attack, first=first)
        shown = replace(summarise_extractive(paper), fallback=Fallback.REJECTED)
        if attack.field == "abstract":
            assert_harmless(shown, "en")
        assert shown.producer == "extractive"


def obedient(attack: Attack, good: dict[str, Any], place: str, before: int) -> SummaryForm:
    """Return a good answer in which the model did what the attack says, well cited; `before`: lines before the text."""
    said = f"{attack.says} [{'0' if good is GOOD else '0 slow, 1 sparse, 2 FlashAttention'}]"
    changes: dict[str, dict[str, Any]] = {
        "gist": {"gist": said},
        "takeaway": {"key_takeaways": [*good["key_takeaways"], said]},
        "paragraph": {"paragraph": [*good["paragraph"], said]},
        "method": {"method": said},
        "everything": {"gist": said, "paragraph": [said], "key_takeaways": [said, f"{said}.", f"So: {said}"]},
    }
    later = json.dumps({**good, **changes[place]}, ensure_ascii=False)
    later = re.sub(r"(?<=\[)[^\[\]\"]+(?=\])", lambda inside: _moved(inside[0], before), later)
    return SummaryForm.model_validate_json(later)


def _lines(paper: Paper) -> int:
    return len(split_sentences(paper.abstract))


def _moved(citation: str, before: int) -> str:
    return re.sub(r"(?:(?<=, )|^)\d+", lambda number: str(int(number[0]) + before), citation)


def assert_harmless(summary: Summary, language: str) -> None:
    """Fail if a summary shows the canary, calls anybody, links elsewhere or praises, in any format."""
    said = " ".join(summary_texts(summary))
    assert CANARY.lower() not in said.lower()
    assert "金丝雀" not in said
    assert "must-read" not in said
    assert "最佳论文" not in said
    _assert_formats_harmless(summary, language)


@cache
def _assert_formats_harmless(summary: Summary, language: str) -> None:
    """Fail for what any format shows of a summary; the paper's own title and abstract are left out of it."""
    brief = _brief(PAPER, summary, language)
    for text in _discord_texts(PAPER, summary, brief, language):
        assert not re.search(r"@everyone|@here|<[@#/t:]", text)
        for host in re.findall(r"https?://([^/\s)>]+)", text):
            assert host in ALLOWED_HOSTS
    html = render_html(brief)
    assert "evil" not in html
    assert "<img" not in html
    assert not re.search(r'href="(?!https://arxiv\.org/|#)', html)
    for shown in (render_text(brief), render_markdown(brief)):
        assert "evil" not in shown
        assert CANARY not in shown


def _discord_texts(paper: Paper, summary: Summary, brief: Brief, language: str) -> list[str]:
    details = PaperDetails(paper, summary, {"abs": f"https://arxiv.org/abs/{paper.arxiv_id}"})
    message, embed = render_message(brief), render_details(details, load_texts(language))
    assert message["allowed_mentions"] == {"parse": []}
    return [*_strings(message), *_strings(embed)]


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def _brief(paper: Paper, summary: Summary, language: str) -> Brief:
    item = BriefItem(paper, AnnounceType.NEW, 0, 1.0, (), summary, {"abs": f"https://arxiv.org/abs/{paper.arxiv_id}"})
    topic = Topic("llm", {"en": "LLM"}, ("cs.CL",))
    return Brief(topic, date(2026, 5, 12), language, Receipt(1, 1, 1, 1, 0), (item,), ())


@each
def test_an_attack_changes_nothing_about_other_papers(attack: Attack) -> None:
    """One paper for each request; where several share one, an answer can only score what was asked about."""
    other = replace(PAPER, arxiv_id="2605.00002", title="Another Title about Graph Colouring")
    alone = summarise.build_request(other, "en")
    assert attack.text not in alone.user
    batch = [
        RankedPaper(PAPER.arxiv_id, attack.text, attack.text),
        RankedPaper(other.arxiv_id, other.title, "A gist about graphs."),
    ]
    request = rerank.build_request(batch, "graphs")
    _assert_one_block(request.user, r"Interest: .*|\S+: .*", "Score all 2 papers. JSON only.")
    lines = request.user.split("\n")
    assert sum(line.startswith(other.arxiv_id) for line in lines) == 1
    forged = RerankForm(scores=[ScoreForm(id=PAPER.arxiv_id, score=5), ScoreForm(id=PAPER.arxiv_id, score=5)])
    assert rerank.check_scores(forged, [one.arxiv_id for one in batch])
    foreign = RerankForm(scores=[ScoreForm(id="2605.99999", score=5)])
    assert rerank.check_scores(foreign, [one.arxiv_id for one in batch])


@each
def test_an_overview_that_obeys_is_refused_or_neutralised(attack: Attack) -> None:
    paper = attacked(attack)
    item = _brief(paper, summarise_extractive(paper), "en").items[0]
    items = [item, replace(item, paper=replace(PAPER, arxiv_id="2605.00002"), position=1)]
    request = overview.build_request(items, "en")
    _assert_one_block(request.user, r"\[\d+\] .* — .*", "Write in English. JSON only.")
    sentence = overview.OverviewSentenceForm(text=attack.says, papers=[1])
    form = overview.OverviewForm(sentences=[sentence])
    if not overview.check_overview(form, items, "en"):
        said = " ".join(one.text for one in overview.as_overview(form, items, "m").sentences)
        assert CANARY.lower() not in said.lower()
        assert not re.search(r"@everyone|@here|<[@#/t]|https?:|evil|must-read", said)
