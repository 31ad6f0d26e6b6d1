"""The catalogues are complete, and what Discord is told in each language is inside its limits."""

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.client.tree import CatalogueTranslator
from bot.digest.query import parse_query
from bot.errors import QuerySyntaxError
from bot.i18n import LOCALES, Refusal, load_texts, match_locale
from bot.i18n.po import Message, compile_mo, format_po, parse_po
from bot.i18n.texts import load_messages
from cogs._shared.queries import EXPECTED, render_query_error
from tests.cogs.conftest import World
from tools.catalogues import COMMAND, updated, used_messages

# https://discord.com/developers/docs/interactions/application-commands#application-command-object
NAME = re.compile(r"[-_'\w]{1,32}")
MAX_DESCRIPTION = 100
MAX_COMMAND = 8000
# The same word in both languages.
UNTRANSLATED = {
    "at {time} ({zone})",
    "English",
    "简体中文",
    "BibTeX",
    "arXiv",
    "PDF",
    "HTML",
    "Markdown",
    "RIS",
    "DOI",
    "Cool Papers",
    "alphaXiv",
    "Hugging Face",
}


@pytest.fixture(scope="module")
def used() -> dict[str, Message]:
    return used_messages()


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_that_is_used_is_translated_and_no_other(locale: str, used: dict[str, Message]) -> None:
    held = {message.key: message for message in load_messages(locale) if message.text}
    assert sorted(used.keys() - held.keys()) == [], "run: python -m tools.catalogues"
    assert sorted(held.keys() - used.keys()) == [], "run: python -m tools.catalogues"
    assert [message.text for message in held.values() if not all(message.strings)] == []
    assert load_messages(locale)[1:] == updated(locale, used)[1:]


@pytest.mark.parametrize("locale", LOCALES)
def test_placeholders_are_those_of_the_english_text(locale: str) -> None:
    for message in load_messages(locale):
        if message.text:
            wanted = placeholders(message.text) | placeholders(message.plural or "")
            for translated in message.strings:
                assert placeholders(translated) <= wanted, message.text
            assert placeholders(message.strings[-1]) == placeholders(message.plural or message.text), message.text


def test_chinese_is_chinese() -> None:
    for message in load_messages("zh-CN"):
        text = "".join(message.strings)
        has_words = any(character.isalpha() for character in re.sub(r"\{\w+\}", "", message.text))
        if message.text and has_words and message.text not in UNTRANSLATED:
            assert re.search(r"[\u4e00-\u9fff]", text), message.text
            assert text != message.text


def test_chinese_texts_name_commands_as_discord_shows_them() -> None:
    texts = load_texts("zh-CN")
    names = {texts.command_name(m.text) for m in load_messages("zh-CN") if m.context == COMMAND}
    for message in load_messages("zh-CN"):
        for written in re.findall(r"`/([^`{:]+)", message.strings[0]) if message.text else ():
            for part in written.split():
                assert part in names, (message.text, part)


@pytest.mark.parametrize(
    ("tag", "locale"),
    [("zh-CN", "zh-CN"), ("zh-TW", "zh-CN"), ("zh_Hans", "zh-CN"), ("en-GB", "en"), ("eo", "en"), (None, "en")],
)
def test_the_nearest_language_is_taken(tag: str | None, locale: str) -> None:
    assert match_locale(tag) == locale


def test_texts_count_and_refuse_in_their_language() -> None:
    english, chinese = load_texts("en"), load_texts("zh-CN")
    assert english.count("{n} paper", "{n} papers", 1) == "1 paper"
    assert english.count("{n} paper", "{n} papers", 1234) == "1,234 papers"
    assert chinese.count("{n} paper", "{n} papers", 1) == "1 篇论文"
    refusal = Refusal("There is no topic “{topic}”. Did you mean {near}?", topic="{x}", near="llm")
    assert str(refusal) == english.refusal(refusal) == "There is no topic “{x}”. Did you mean llm?"
    assert chinese.refusal(refusal) == "没有名为“{x}”的主题。你要找的是不是 llm？"
    assert english.listed(["a", "b", "c"]) == "a, b and c"
    assert chinese.listed(["甲", "乙", "丙"]) == "甲、乙和丙"


async def test_the_payload_is_inside_discords_limits_in_every_language(world: World) -> None:
    commands = [
        await command.get_translated_payload(world.bot.tree, CatalogueTranslator())
        for command in world.bot.tree.get_commands()
    ]
    assert 0 < len(commands) <= 100
    for command in commands:
        check(command)
        for locale in ("en", "zh-CN"):
            assert characters(command, locale) <= MAX_COMMAND
    names = [command["name_localizations"]["zh-CN"] for command in commands]
    assert len(set(names)) == len(names)


def check(node: dict[str, Any]) -> None:
    assert NAME.fullmatch(node["name"])
    assert node["name"] == node["name"].lower()
    assert 1 <= len(node["description"]) <= MAX_DESCRIPTION
    chinese = node["name_localizations"]["zh-CN"]
    assert NAME.fullmatch(chinese), chinese
    assert chinese == chinese.lower()
    assert 1 <= len(node["description_localizations"]["zh-CN"]) <= MAX_DESCRIPTION
    assert len(node.get("options", ())) <= 25
    siblings = [option["name_localizations"]["zh-CN"] for option in node.get("options", ())]
    assert len(set(siblings)) == len(siblings)
    for choice in node.get("choices") or ():
        assert 1 <= len(choice["name"]) <= 100
        assert all(1 <= len(name) <= 100 for name in (choice.get("name_localizations") or {}).values())
    for option in node.get("options", ()):
        check(option)


def characters(node: dict[str, Any], locale: str) -> int:
    """Return what Discord counts: names, descriptions and values, of a command and all below it."""
    own = [
        (node.get(f"{kind}_localizations") or {}).get(locale, node.get(kind, "")) for kind in ("name", "description")
    ]
    below = [*node.get("options", ()), *(node.get("choices") or ())]
    return sum(map(len, own)) + len(str(node.get("value", ""))) + sum(characters(one, locale) for one in below)


FAULTY = (
    "(", ")", 'ti:"open', "a )", "(a", "-a", "x:y", "a*b", "cat:...", "***", "x" * 2001, "(" * 60 + "a", "a* b", "OR",
    "AND", "NOT", "au:", "ti:", "cat:1", '""', "“", "a OR", "a AND NOT", "((a)", "a:b:c", "?", "NOT " * 60 + "a",
)  # fmt: skip


def fault_of(query: str) -> QuerySyntaxError | None:
    try:
        parse_query(query)
    except QuerySyntaxError as error:
        return error
    return None


def test_everything_the_grammar_expects_is_in_the_catalogue() -> None:
    faults = [fault_of(query) for query in FAULTY]
    assert {fault.expected for fault in faults if fault is not None} == set(EXPECTED)


@given(st.text(alphabet=st.sampled_from('ab ()"-*:“”ORANDNTticu?中文`\n'), max_size=120))
def test_any_fault_is_pointed_at_in_both_languages(query: str) -> None:
    fault = fault_of(query)
    if fault is not None:
        assert fault.expected in EXPECTED
        for locale in LOCALES:
            shown = render_query_error(fault, load_texts(locale))
            assert shown.count("```") == 2
            assert len(shown) < 600
            assert shown.split("```")[1].split("\n")[2].strip() == "^"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x04"), max_size=40)


@given(st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=8))
def test_a_catalogue_reads_back_what_was_written(entries: dict[str, str]) -> None:
    messages = [Message("", ("Content-Type: text/plain; charset=UTF-8\n",))]
    messages += [Message(text, (translated,)) for text, translated in entries.items()]
    assert parse_po(format_po(messages)) == messages


def test_plurals_contexts_and_untranslated_entries_survive_compilation() -> None:
    import gettext
    import io

    header = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
    made = gettext.GNUTranslations(
        io.BytesIO(
            compile_mo(
                [
                    Message("", (header,)),
                    Message("one", ("eins", "viele"), "many"),
                    Message("open", ("offen",)),
                    Message("open", ("öffnen",), None, "command"),
                    Message("later", ("",)),
                ]
            )
        )
    )
    assert [made.ngettext("one", "many", n) for n in (1, 2)] == ["eins", "viele"]
    assert (made.gettext("open"), made.pgettext("command", "open"), made.gettext("later")) == (
        "offen",
        "öffnen",
        "later",
    )


@pytest.mark.parametrize(
    "source",
    ['msgid "a"', "nonsense", '"a"', 'msgid "a"\nmsgid "b"', 'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"'],
)
def test_a_broken_catalogue_names_the_line(source: str) -> None:
    with pytest.raises(ValueError, match="line"):
        parse_po(source)
