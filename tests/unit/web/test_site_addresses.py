"""Addresses: the form of each, links between pages, and nothing hostile in any."""

import posixpath
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import TopicKey
from bot.web import addresses

DAY = date(2026, 5, 28)
LLM = TopicKey("llm")


def test_every_kind_of_address() -> None:
    assert addresses.root() == ""
    assert addresses.front("en") == "en/"
    assert addresses.day("zh-CN", DAY) == "zh-CN/2026-05-28/"
    assert addresses.brief("en", DAY, LLM) == "en/2026-05-28/llm/"
    assert addresses.brief("en", DAY, LLM, "pt-BR") == "en/2026-05-28/llm/pt-BR/"
    assert addresses.topic("en", LLM) == "en/topics/llm/"
    assert addresses.paper("en", "2605.00847") == "en/papers/2605.00847/"
    assert addresses.paper("en", "hep-th/9901001") == "en/papers/hep-th/9901001/"
    assert addresses.feed(None, "atom") == "feeds/all.atom"
    assert addresses.feed(LLM, "json") == "feeds/topics/llm.json"
    assert addresses.briefs_json(DAY) == "briefs/2026-05-28.json"
    assert addresses.search_shard(DAY) == "search/2026-05-28.json"


def test_topics_of_two_servers_with_one_name_are_apart() -> None:
    names = {addresses.topic_name(TopicKey("llm", guild)) for guild in (None, 1, 2)}
    assert len(names) == 3
    assert "llm" in names


def test_a_topic_named_all_does_not_take_the_feed_of_all() -> None:
    assert addresses.feed(TopicKey("all"), "atom") != addresses.feed(None, "atom")


def test_an_assets_name_follows_its_content() -> None:
    one, other = addresses.asset("site", b"a", "css"), addresses.asset("site", b"b", "css")
    assert one != other
    assert one == addresses.asset("site", b"a", "css")
    assert one.startswith("assets/site.")


@pytest.mark.parametrize(
    ("source", "target", "link"),
    [
        ("", "en/", "en/index.html"),
        ("en/", "", "../index.html"),
        ("en/2026-05-28/llm/", "en/papers/hep-th/9901001/", "../../papers/hep-th/9901001/index.html"),
        ("en/2026-05-28/llm/", "assets/site.ab.css", "../../../assets/site.ab.css"),
        ("en/", "en/", "index.html"),
    ],
)
def test_links_name_the_file(source: str, target: str, link: str) -> None:
    assert addresses.relative(source, target) == link


NAME = st.sampled_from(["a", "b", "ab", "2605.00847", "x.css"])
PATH = st.lists(NAME, max_size=4).map(lambda names: "".join(f"{name}/" for name in names))


@given(PATH, PATH, st.sampled_from(["", "file.css"]))
def test_links_are_those_of_the_library(source: str, target: str, name: str) -> None:
    start = posixpath.dirname(addresses.file_of(source)) or "."
    assert addresses.relative(source, target + name) == posixpath.relpath(addresses.file_of(target + name), start)


def test_a_fragment_is_escaped() -> None:
    assert addresses.relative("en/", "en/about/", 'a"b') == "about/index.html#a%22b"


def test_whole_addresses_keep_the_folder_of_the_site() -> None:
    assert addresses.absolute("https://example.org/x/", "en/2026-05-28/") == "https://example.org/x/en/2026-05-28/"


@given(
    st.text(max_size=40) | st.sampled_from(["..", "../x", "a/../../b", "a\\b", "C:x", ".", "%2e%2e", "a\x00", "a\n"])
)
def test_no_text_leaves_its_directory(text: str) -> None:
    makers: tuple[Callable[[], str], ...] = (
        lambda: addresses.paper("en", text),
        lambda: addresses.brief("en", DAY, TopicKey(text)),
        lambda: addresses.brief("en", DAY, TopicKey(text, 7), "en"),
        lambda: addresses.brief("en", DAY, LLM, text),
        lambda: addresses.front(text),
        lambda: addresses.feed(TopicKey(text), "atom"),
        lambda: addresses.figure(text, 1, "ab", "png"),
        lambda: addresses.figure("2605.00001", 1, text, "png"),
        lambda: addresses.asset(text, b"", "css"),
        lambda: addresses.asset("site", b"", text),
    )
    for make in makers:
        try:
            path = addresses.file_of(make())
        except addresses.NoAddress:
            continue
        assert posixpath.normpath(path) == path
        assert not path.startswith("/")
        assert path.isascii()
        assert set(path) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")
        assert not any(part.startswith(".") for part in path.split("/"))
