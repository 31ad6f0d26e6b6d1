"""The site for programs, as other programs read it: feeds by feedparser, a day's briefs by their schema, the lists."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser

from lxml import etree

from bot.digest.extract import summarise_extractive
from bot.spending import Bill, Spending
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.texts import Fallback, Overview, OverviewSentence
from tests.site.feed_reader import read_feeds
from tests.site.site_schema import schema_of, validate
from tests.site.site_world import (
    CATALOGUE,
    FIRST,
    NOON,
    SECOND,
    WEDNESDAY,
    WISH,
    build,
    files_of,
    fill,
    save_brief,
    subscribe,
)
from tests.store.samples import make_fetched, make_paper, save
from tests.unit.render.samples import make_brief, make_item

SITE = WISH.site_url or ""


async def build_files(db: Database, root: Path, **wish: Any) -> dict[str, bytes]:
    """Build, and return what a web server would serve."""
    await build(db, root, replace(WISH, **wish))
    return dict(files_of(root))


async def test_every_feed_is_read_by_a_feed_reader(db: Database, tmp_path: Path) -> None:
    await fill(db)
    files = await build_files(db, tmp_path / "site")
    feeds = read_feeds(files)
    assert len(feeds) == 2 * 3
    for feed in feeds.values():
        assert feed.title
        assert feed.entries
        for entry in feed.entries:
            assert entry.link.startswith(f"{SITE}/en/")
            assert f"{entry.link.removeprefix(f'{SITE}/')}index.html" in files
            assert "2605.0000" in entry.content
    for name in (name for name in feeds if name.endswith(".atom")):
        assert feeds[name] == feeds[name.replace(".atom", ".json")]


async def test_entries_keep_their_identifier_and_are_of_their_announcement_date(db: Database, tmp_path: Path) -> None:
    await fill(db)
    first = read_feeds(await build_files(db, tmp_path / "first"))
    again = read_feeds(await build_files(db, tmp_path / "again", site_url="https://elsewhere.example.net"))
    for name, feed in first.items():
        ids = [entry.id for entry in feed.entries]
        assert len(set(ids)) == len(ids)
        assert ids == [entry.id for entry in again[name].entries]
        for entry in feed.entries:
            assert entry.published == datetime.combine(date.fromisoformat(entry.id.split(":")[3]), time(), UTC)
            assert entry.updated >= entry.published


async def test_a_late_brief_is_told_under_its_true_date(db: Database, tmp_path: Path) -> None:
    await fill(db)
    before = read_feeds(await build_files(db, tmp_path / "site"))["feeds/all.atom"]
    old = make_paper("2605.00090", title="A paper that came late")
    await save(AnnouncementStore(db), make_fetched([old], announced_on=date(2026, 5, 8)))
    await save_brief(db, FIRST, date(2026, 5, 8), [old], late=True)
    after = read_feeds(await build_files(db, tmp_path / "site"))["feeds/all.atom"]
    (new,) = [entry for entry in after.entries if entry.id not in {one.id for one in before.entries}]
    assert new.published.date() == date(2026, 5, 8)
    assert "(late)" in new.content


async def test_the_list_of_feeds_names_feeds_and_pages_that_are_there(db: Database, tmp_path: Path) -> None:
    await fill(db)
    files = await build_files(db, tmp_path / "site")
    outlines = list(etree.fromstring(files["opml.xml"]).iter("outline"))
    assert {str(one.get("type")) for one in outlines} == {"rss"}
    named = {str(one.get("xmlUrl")).removeprefix(f"{SITE}/") for one in outlines}
    assert named == {name for name in files if name.endswith(".atom")}
    for one in outlines:
        page = str(one.get("htmlUrl")).removeprefix(f"{SITE}/")
        assert f"{page}index.html" in files
        assert one.get("text")


async def test_search_engines_find_every_page_once(db: Database, tmp_path: Path) -> None:
    await fill(db)
    files = await build_files(db, tmp_path / "site")
    listed = [str(one.text) for one in etree.fromstring(files["sitemap.xml"]).iter("{*}loc")]
    assert sorted(f"{one.removeprefix(f'{SITE}/')}index.html" for one in listed) == sorted(
        name for name in files if name.endswith(".html")
    )
    robots = RobotFileParser()
    robots.parse(files["robots.txt"].decode().splitlines())
    assert robots.site_maps() == [f"{SITE}/sitemap.xml"]
    assert robots.can_fetch("*", f"{SITE}/en/")
    without = await build_files(db, tmp_path / "without", site_url=None)
    assert b"Sitemap" not in without["robots.txt"]
    assert len(etree.fromstring(without["sitemap.xml"])) == 0


async def fill_with_model(db: Database) -> None:
    """Store a brief that has everything that one can have: an overview, a bill, a late paper, a silent topic."""
    paper = make_paper("2605.00055", title="A paper with a model's summary")
    await save(AnnouncementStore(db), make_fetched([paper], announced_on=WEDNESDAY))
    summary = replace(summarise_extractive(paper), producer="a-model", fallback=Fallback.BUDGET)
    overview = Overview((OverviewSentence("One paper.", ("2605.00055",)),), "a-model", "1")
    bill = Bill("a-model", 1, 0, {Fallback.BUDGET: 1}, {"rerank": 1}, Spending(3, 4_000, 900, 123_456, 1), "€")
    brief = make_brief(make_item(0), topic=SECOND, overview=overview, bill=bill)
    item = replace(brief.items[0], paper=paper, summary=summary, late=True)
    await BriefStore(db).save_summaries([summary])
    await BriefStore(db).save_brief(replace(brief, announced_on=WEDNESDAY, language="en", items=(item,)))
    silent = next(one for one in CATALOGUE.values() if "cs.CL" in one.categories and one not in (FIRST, SECOND))
    await subscribe(db, silent, NOON.replace(day=10))


async def test_every_days_briefs_are_as_the_schema_says(db: Database, tmp_path: Path) -> None:
    await fill(db)
    await fill_with_model(db)
    files = await build_files(db, tmp_path / "site")
    *others, last = validate(files)
    assert len(others) == 2
    (brief,) = last["briefs"]
    assert brief["items"][0]["late"] is True
    assert brief["bill"]["input_tokens"] == 4_000
    assert all(one["silence"] for one in last["silent"])
    assert last["silent"]


async def test_what_the_schema_does_not_say_is_no_brief(db: Database, tmp_path: Path) -> None:
    await fill(db)
    await fill_with_model(db)
    files = await build_files(db, tmp_path / "site")
    schema, right = schema_of(files), validate(files)[-1]
    mutants = list(mutated(right))
    assert len(mutants) > 100
    assert [place for place, one in mutants if schema.is_valid(one)] == []


def mutated(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield (what was done, the document) without each key in turn, and with one that nobody knows in each object."""
    for place in places(document):
        for key in list(at(document, place)):
            if place and place[-1] in ("dropped", "links", "fallbacks", "failed"):
                continue
            one = copy.deepcopy(document)
            del at(one, place)[key]
            yield f"{place} without {key}", one
            one = copy.deepcopy(document)
            at(one, place)[key] = [{"of": "another type"}]
            yield f"{place} with another {key}", one
        one = copy.deepcopy(document)
        at(one, place)["unknown"] = {}
        yield f"{place} with more", one


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every object in a document."""
    if isinstance(value, dict):
        yield here
        for key, inner in value.items():
            yield from places(inner, (*here, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*here, number))


def at(document: Any, place: tuple[Any, ...]) -> Any:
    """Return what stands at a path."""
    for step in place:
        document = document[step]
    return document


async def test_what_a_model_cost_is_nobodys_business(db: Database, tmp_path: Path) -> None:
    await fill_with_model(db)
    files = await build_files(db, tmp_path / "site")
    page = files[f"en/{WEDNESDAY}/{SECOND.slug}/index.html"].decode()
    assert "4.9k tokens" in page
    assert "a-model" in page
    for name, content in files.items():
        if name.startswith(("assets/", "briefs/schema")):
            continue
        assert "€" not in content.decode(), name
        assert b"cost_micros" not in content, name
        assert b"123456" not in content, name
