"""gettext's .po files, turned into what the standard library's `gettext` reads, in memory.

So the files that translators edit are the ones that are used: no build step, the same from a wheel, from an editable
installation and in tests. Formats: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html and MO-Files.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_MAGIC = 0x950412DE
_HEADER = 7 * 4


@dataclass(frozen=True, slots=True)
class Message:
    """One entry; `strings` has one text, or one for each plural form. The entry with an empty `text` is the header."""

    text: str
    strings: tuple[str, ...]
    plural: str | None = None
    context: str | None = None

    @property
    def key(self) -> str:
        """Return how gettext looks it up."""
        return self.text if self.context is None else f"{self.context}\x04{self.text}"


def parse_po(source: str) -> list[Message]:
    """Return the entries in the order of the file, comments left out.

    Raises ValueError that names the line for what is no .po file, and for the same key twice.
    """
    found: dict[str, Message] = {}
    for number, fields in _entries(source):
        strings = tuple(text for name, text in fields.items() if name.startswith("msgstr"))
        if "msgid" not in fields or not strings:
            raise ValueError(f"the entry before line {number} lacks msgid or msgstr")
        entry = Message(fields["msgid"], strings, fields.get("msgid_plural"), fields.get("msgctxt"))
        if entry.key in found:
            raise ValueError(f"the entry before line {number} repeats {entry.text!r}")
        found[entry.key] = entry
    return list(found.values())


def _entries(source: str) -> Iterator[tuple[int, dict[str, str]]]:
    fields: dict[str, str] = {}
    name = ""
    number = 0
    for number, raw in enumerate(source.split("\n"), 1):
        line = raw.strip(" \t\r")
        if line.startswith("#"):
            continue
        if not line:
            if fields:
                yield number, fields
            fields, name = {}, ""
            continue
        match = _LINE.fullmatch(line)
        if match is None or not (match[1] or name):
            raise ValueError(f"line {number} is neither a keyword with a text nor a text: {line[:60]}")
        if match[1]:
            name = match[1]
            if name in fields:
                raise ValueError(f"line {number} repeats {name}")
            fields[name] = ""
        fields[name] += _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[0]), match[2])
    if fields:
        yield number + 1, fields


def compile_mo(messages: Iterable[Message]) -> bytes:
    """Return the entries as a .mo file, for `gettext.GNUTranslations`; untranslated ones are left out."""
    table: dict[bytes, bytes] = {}
    for message in messages:
        if all(message.strings):
            key = message.key if message.plural is None else f"{message.key}\0{message.plural}"
            table[key.encode()] = "\0".join(message.strings).encode()
    keys = sorted(table)
    data = b""
    places: list[tuple[int, int]] = []
    start = _HEADER + len(keys) * 16
    for text in (*keys, *(table[key] for key in keys)):
        places.append((len(text), start + len(data)))
        data += text + b"\0"
    header = struct.pack("<7I", _MAGIC, 0, len(keys), _HEADER, _HEADER + len(keys) * 8, 0, 0)
    return header + b"".join(struct.pack("<2I", *place) for place in places) + data


def format_po(messages: Iterable[Message]) -> str:
    """Return the entries as a .po file that `parse_po` reads back."""
    return "\n\n".join(_formatted(message) for message in messages) + "\n"


def _formatted(message: Message) -> str:
    lines = [] if message.context is None else [f"msgctxt {_quoted(message.context)}"]
    lines.append(f"msgid {_quoted(message.text)}")
    if message.plural is None:
        lines.append(f"msgstr {_quoted(message.strings[0])}")
    else:
        lines.append(f"msgid_plural {_quoted(message.plural)}")
        lines.extend(f"msgstr[{form}] {_quoted(text)}" for form, text in enumerate(message.strings))
    return "\n".join(lines)


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r")
    parts = [part + "\\n" for part in text.split("\n")]
    parts[-1] = parts[-1].removesuffix("\\n")
    if not parts[-1] and len(parts) > 1:
        parts.pop()
    if len(parts) == 1:
        return f'"{parts[0]}"'
    return "\n".join(['""', *(f'"{part}"' for part in parts)])
