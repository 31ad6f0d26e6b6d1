"""The built-in topics, read from the package's own topics.toml and checked as a whole.

A broken entry stops the program with all its faults listed: a topic that is silently missing would look like silence.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import resources

from bot.digest.query import parse_query
from bot.errors import QuerySyntaxError, SettingsError, UsageError
from bot.model import CrossListPolicy, Topic, Weights

LANGUAGES = ("en", "zh-CN")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?(?:\.(?:[A-Z]{2}|[a-z]+(?:-[a-z]+)?))?")
_KEYS = frozenset({"names", "categories", "query", "interest", "exclude", "cross_lists", "weights"})
_PARTS = tuple(field.name for field in fields(Weights))
_MOST_WEIGHT = 5
_SUGGESTIONS = 3


def load_catalogue() -> dict[str, Topic]:
    """Return the built-in topics by slug, in the order of the file. Raises SettingsError, one line per fault."""
    text = resources.files("bot.digest").joinpath("topics.toml").read_text(encoding="utf-8")
    return parse_catalogue(text)


def parse_catalogue(text: str) -> dict[str, Topic]:
    """Return the topics that a catalogue file describes. Raises SettingsError, one line per fault."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"topics.toml: {error}"]) from error
    problems = [
        f"topics.toml: {slug}: {problem}" for slug, table in tables.items() for problem in _problems(slug, table)
    ]
    if problems:
        raise SettingsError(problems)
    return {slug: _topic(slug, table) for slug, table in tables.items()}


def find_topic(slug_or_name: str, topics: Mapping[str, Topic] | None = None) -> Topic:
    """Return the topic with this slug, or this name in any language; upper case, blanks and underscores do not matter.

    `topics` defaults to the built-in catalogue. Raises UsageError with the nearest ones.
    """
    known = load_catalogue() if topics is None else topics
    wanted = _key(slug_or_name)
    by_key: dict[str, Topic] = {}
    for topic in known.values():
        for name in (topic.slug, *topic.names.values(), *_sole_category(topic)):
            by_key.setdefault(_key(name), topic)
    if wanted in by_key:
        return by_key[wanted]
    shown = " ".join(slug_or_name.split())[:60]
    near = [by_key[key].slug for key in difflib.get_close_matches(wanted[:60], by_key, n=_SUGGESTIONS * 2, cutoff=0.5)]
    near += [slug for slug in known if wanted and wanted in slug]
    suggestions = list(dict.fromkeys(near))[:_SUGGESTIONS]
    hint = f"did you mean {_either(suggestions)}?" if suggestions else "`paperbrief topics` lists them"
    raise UsageError(f"there is no topic “{shown}”; {hint}")


def _sole_category(topic: Topic) -> tuple[str, ...]:
    """Return the category that a plain category topic stands for, so that "cs.CL" finds it."""
    return topic.categories if len(topic.categories) == 1 and not topic.query else ()


def _key(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "-", name.strip().casefold())


def _either(names: list[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} or {last}" if rest else last


def _problems(slug: str, table: object) -> Iterator[str]:
    if not _SLUG.fullmatch(slug):
        yield "a slug is lower-case words joined by hyphens"
    if not isinstance(table, dict):
        yield "expected a table"
        return
    yield from (f"unknown key {key!r}" for key in sorted(table.keys() - _KEYS))
    names = table.get("names")
    for language in LANGUAGES:
        if not (isinstance(names, dict) and isinstance(names.get(language), str) and names[language].strip()):
            yield f"no name in {language}"
    categories = table.get("categories")
    if not isinstance(categories, list) or not categories:
        yield "categories: expected a list with at least one"
    else:
        for category in categories:
            if not (isinstance(category, str) and _CATEGORY.fullmatch(category)):
                yield f"categories: {category!r} is not an arXiv category"
        if len(set(map(str, categories))) < len(categories):
            yield "categories: the same one twice"
    if table.get("cross_lists", "include") not in tuple(CrossListPolicy):
        yield f"cross_lists: expected one of {', '.join(CrossListPolicy)}"
    yield from _weight_problems(table.get("weights", {}))
    for key in ("query", "exclude", "interest"):
        yield from _text_problems(key, table.get(key, ""))
    if not table.get("query") and not table.get("interest"):
        yield "neither query nor interest: nothing to choose by"


def _weight_problems(weights: object) -> Iterator[str]:
    if not isinstance(weights, dict):
        yield "weights: expected a table"
        return
    yield from (f"weights: unknown part {part!r}" for part in sorted(weights.keys() - set(_PARTS)))
    for part in _PARTS:
        weight = weights.get(part, 1)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= _MOST_WEIGHT:
            yield f"weights: {part}: expected a number from 0 to {_MOST_WEIGHT}"


def _text_problems(key: str, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{key}: expected a text"
    elif key != "interest":
        try:
            parse_query(value)
        except QuerySyntaxError as error:
            yield f"{key}: at character {error.position + 1}: expected {error.expected}"


def _topic(slug: str, table: Mapping[str, object]) -> Topic:
    """Return the topic of a table that has no problems; white space from the file's line breaks is collapsed."""
    names, categories, weights = table["names"], table["categories"], table.get("weights")
    texts = {key: " ".join(str(table.get(key, "")).split()) for key in ("query", "interest", "exclude")}
    return Topic(
        slug=slug,
        names={str(k): str(v) for k, v in names.items()} if isinstance(names, dict) else {},
        categories=tuple(map(str, categories)) if isinstance(categories, list) else (),
        query=texts["query"],
        interest=texts["interest"],
        exclude=texts["exclude"],
        cross_lists=CrossListPolicy(str(table.get("cross_lists", "include"))),
        weights=Weights(**{part: float(weight) for part, weight in weights.items()})
        if isinstance(weights, dict)
        else Weights(),
    )
