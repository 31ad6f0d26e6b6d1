import gzip
import json
import re
from datetime import date

import pytest

from bot.digest.catalogue import LANGUAGES, find_topic, load_catalogue, parse_catalogue
from bot.digest.coverage import MAX_SHARE, check_coverage
from bot.digest.query import PaperText, parse_query
from bot.errors import SettingsError, UsageError
from bot.model import Paper
from tests.shared import shared
from tests.unit.digest.samples import make_paper

THEMES = (
    "llm llm-reasoning agents rag multimodal diffusion video gaussian-splatting nerf talking-heads speech"
    " medical-imaging robotics reinforcement-learning safety interpretability efficiency theory code evaluation"
    " few-shot vit gan detection-segmentation llm-for-science"
)
POOL_CATEGORIES = {"cs.CV", "cs.CL", "cs.AI"}
GOOD = 'names = {en = "A", zh-CN = "甲"}\ncategories = ["cs.CL"]\ninterest = "x"\n'


def test_holds_every_theme_and_the_plain_categories() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) >= 30
    assert set(THEMES.split()) <= set(catalogue)
    plain = {topic.categories[0] for topic in catalogue.values() if not topic.query}
    assert {"cs.CL", "cs.CV", "cs.AI", "cs.LG", "cs.RO", "cs.IR", "stat.ML", "eess.AS", "quant-ph"} <= plain


def test_every_topic_is_whole() -> None:
    names: dict[tuple[str, str], str] = {}
    for slug, topic in load_catalogue().items():
        assert topic.slug == slug
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
        assert topic.interest.endswith(".")
        assert topic.guild_id is None
        assert re.search(r"[\u4e00-\u9fff]", topic.names["zh-CN"])
        for language in LANGUAGES:
            assert names.setdefault((language, topic.name(language)), slug) == slug
        assert str(parse_query(str(parse_query(topic.query)))) == str(parse_query(topic.query))


def test_categories_are_active_ones_of_arxiv() -> None:
    taxonomy = json.loads(shared("data", "arxiv", "taxonomy.json").read_text(encoding="utf-8"))
    known = json.dumps(taxonomy)
    for topic in load_catalogue().values():
        for category in topic.categories:
            assert f'"{category}"' in known


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("GRPO with Verifiable Rewards", "llm-reasoning"),
        ("A Multi-Agent LLM for Tool Use", "agents"),
        ("Dynamic 3D Gaussian Splatting", "gaussian-splatting"),
        ("Audio-Driven Talking Heads", "talking-heads"),
        ("Few-Shot Learning of Birds", "few-shot"),
        ("Post-training 4-bit Quantization", "efficiency"),
        ("VLA Models for Robots", "robotics"),
        ("StyleGANs revisited", "gan"),
    ],
)
def test_themes_find_what_they_are_about(title: str, slug: str) -> None:
    topic = find_topic(slug)
    text = PaperText.of(make_paper(title=title, abstract="", categories=topic.categories))
    assert parse_query(topic.query).match(text) is not None


@pytest.mark.parametrize(
    "name", ["llm-reasoning", "LLM_Reasoning", " llm reasoning ", "R1 式推理", "Reasoning in the style of R1"]
)
def test_a_topic_is_found_by_slug_or_any_name(name: str) -> None:
    assert find_topic(name).slug == "llm-reasoning"


def test_a_category_is_a_name_of_its_plain_topic() -> None:
    assert find_topic("cs.CL").slug == "cs-cl"
    assert find_topic("quant-ph").slug == "quant-ph"


def test_an_unknown_topic_comes_with_near_ones() -> None:
    with pytest.raises(UsageError, match=r"no topic “difusion”; did you mean diffusion"):
        find_topic("difusion")
    with pytest.raises(UsageError, match=r"paperbrief topics"):
        find_topic("qqqqqqqq")
    with pytest.raises(UsageError, match=r"paperbrief topics"):
        find_topic("")
    with pytest.raises(UsageError) as caught:
        find_topic("x" * 100_000)
    assert len(str(caught.value)) < 300


def test_given_topics_are_searched_instead_of_the_catalogue() -> None:
    topics = parse_catalogue(f"[own]\n{GOOD}")
    assert find_topic("own", topics).names == {"en": "A", "zh-CN": "甲"}
    with pytest.raises(UsageError):
        find_topic("llm", topics)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a\n", "topics.toml: "),
        (f"[a]\n{GOOD}[a]\n{GOOD}", "topics.toml: "),
        (f"[Bad_Slug]\n{GOOD}", "Bad_Slug: a slug is lower-case words"),
        ("a = 1", "a: expected a table"),
        (f"[a]\n{GOOD}queri = 'x'", "a: unknown key 'queri'"),
        (f"[a]\n{GOOD.replace('zh-CN', 'de')}", "a: no name in zh-CN"),
        (f"[a]\n{GOOD.replace('cs.CL', 'CL')}", "a: categories: 'CL' is not an arXiv category"),
        ('[a]\nnames = {en = "A", zh-CN = "B"}\ncategories = []\ninterest = "x"', "a: categories: expected a list"),
        (f'[a]\n{GOOD}query = "(x"', "a: query: at character 1: expected a closing"),
        (f"[a]\n{GOOD}exclude = 3", "a: exclude: expected a text"),
        (f'[a]\n{GOOD}cross_lists = "maybe"', "a: cross_lists: expected one of include, exclude"),
        (f"[a]\n{GOOD.replace('interest', 'query').replace(chr(34) + 'x' + chr(34), chr(34) * 2)}", "a: neither query"),
    ],
)
def test_a_broken_entry_is_named(text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_catalogue(text)
    assert any(problem in line for line in caught.value.problems)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_catalogue('[a]\nquery = "("\n[b]\nquery = ")"')
    assert len(caught.value.problems) >= 6


def test_every_theme_matches_some_and_not_too_much_of_two_real_weeks() -> None:
    path = shared("data", "corpus", "papers_2026-01_to_2026-05.jsonl.gz")
    pool: list[tuple[date, PaperText]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if "2026-04-20" <= row["announced_on"] < "2026-05-15" and POOL_CATEGORIES & set(row["categories"]):
                paper = Paper(
                    row["id"],
                    row["title"],
                    row["abstract"],
                    tuple(row["authors"]),
                    row["primary_category"],
                    tuple(row["categories"]),
                    comment=row["comment"],
                )
                pool.append((date.fromisoformat(row["announced_on"]), PaperText.of(paper)))
    for topic in load_catalogue().values():
        coverage = check_coverage(topic, pool)
        assert len(coverage.per_day) == 14
        assert coverage.total > 0, topic.slug
        if topic.query:
            assert coverage.share <= MAX_SHARE, topic.slug
            assert coverage.warning is None
