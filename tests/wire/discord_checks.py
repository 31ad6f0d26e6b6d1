"""Discord's limits on bodies, counted: what the OpenAPI document says and the sums it leaves out.

Pure functions that list refused fields; each limit stands in Discord's reference (message, embed, component,
application command). Text is counted in UTF-16 units, the strictest reading: a body that passes here passes in code
points too.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.wire.discord_model import COMPONENTS_V2
from tests.wire.discord_wire import ApiError, FieldErrors, JsonObject, invalid_form

Path = tuple[str | int, ...]

CONTENT, EMBEDS, EMBED_SUM, NONCE, FIELDS = 2000, 10, 6000, 25, 25
V2_COMPONENTS, V2_TEXT = 40, 4000
CHOICES = OPTIONS = 25
GLOBAL_COMMANDS, COMMAND_TEXT = 100, 8000
_EMBED_TEXTS = {"title": 256, "description": 4096}
_URL = re.compile(r"^(https?|attachment)://\S+$")
_COMMAND_NAME = re.compile(r"^[-_'\w]{1,32}$")
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, SECTION, TEXT_DISPLAY, GALLERY, CONTAINER, LABEL = 1, 2, 3, 4, 9, 10, 12, 17, 18
SELECTS = frozenset({3, 5, 6, 7, 8})


def length(text: object) -> int:
    """Return the UTF-16 length of a text, 0 for what is none."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(text, str) else 0


def embed_length(embed: JsonObject) -> int:
    """Return the characters of an embed that count into the 6,000 of a message."""
    fields = embed.get("fields") or []
    return (
        length(embed.get("title"))
        + length(embed.get("description"))
        + length((embed.get("footer") or {}).get("text"))
        + length((embed.get("author") or {}).get("name"))
        + sum(length(item.get("name")) + length(item.get("value")) for item in fields)
    )


def walk_components(components: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """Yield every component, those inside rows, sections, containers, labels and accessories included."""
    for component in components:
        yield component
        inner = list(component.get("components") or [])
        inner += [component[key] for key in ("accessory", "component") if component.get(key)]
        yield from walk_components(inner)


def visible_text(body: JsonObject) -> str:
    """Return the text of a message in which Discord looks for mentions: content and text displays."""
    texts = [str(body.get("content") or "")]
    texts += [str(part.get("content") or "") for part in walk_components(body.get("components") or [])]
    return "\n".join(texts)


def check_message(body: JsonObject, *, file_count: int = 0, partial: bool = False) -> None:
    """Raise `ApiError` 50035 naming every refused field, or 50006 for a message without anything in it.

    `partial` is an edit, where absent keys stay as they are.
    """
    errors = list(message_errors(body))
    if errors:
        raise invalid_form(errors)
    something = any(body.get(key) for key in ("content", "embeds", "components", "sticker_ids", "poll"))
    if not partial and not something and not file_count:
        raise ApiError(400, 50006, "Cannot send an empty message")


def message_errors(body: JsonObject, at: Path = ()) -> FieldErrors:
    """Return the refused fields of a message body."""
    errors: FieldErrors = []
    _too_long(errors, (*at, "content"), body.get("content"), CONTENT)
    nonce = body.get("nonce")
    if nonce is not None and (not isinstance(nonce, int | str) or length(str(nonce)) > NONCE):
        errors.append(((*at, "nonce"), "NONCE_TYPE_TOO_LONG", f"Must be {NONCE} or fewer in length."))
    embeds = body.get("embeds") or []
    if len(embeds) > EMBEDS:
        errors.append(((*at, "embeds"), "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS} or fewer in length."))
    for place, embed in enumerate(embeds):
        errors += _embed_errors(embed, (*at, "embeds", place))
    if sum(map(embed_length, embeds)) > EMBED_SUM:
        message = f"Embed size exceeds maximum size of {EMBED_SUM}"
        errors.append(((*at, "embeds"), "MAX_EMBED_SIZE_EXCEEDED", message))
    return errors + _component_errors(body, at)


def _embed_errors(embed: JsonObject, at: Path) -> FieldErrors:
    errors: FieldErrors = []
    for key, limit in _EMBED_TEXTS.items():
        _too_long(errors, (*at, key), embed.get(key), limit)
    _too_long(errors, (*at, "footer", "text"), (embed.get("footer") or {}).get("text"), 2048)
    _too_long(errors, (*at, "author", "name"), (embed.get("author") or {}).get("name"), 256)
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        errors.append(((*at, "fields"), "BASE_TYPE_MAX_LENGTH", f"Must be {FIELDS} or fewer in length."))
    for place, item in enumerate(fields):
        for key, limit in (("name", 256), ("value", 1024)):
            _required(errors, (*at, "fields", place, key), item.get(key), limit)
    for path, url in _embed_urls(embed):
        if url and not _URL.match(url):
            errors.append(((*at, *path), "URL_TYPE_INVALID_URL", "Not a well formed URL."))
    seen = any(embed.get(key) for key in ("title", "description", "fields", "image", "thumbnail", "author", "footer"))
    if not seen:
        errors.append(((*at, "description"), "BASE_TYPE_REQUIRED", "This field is required"))
    return errors


def _embed_urls(embed: JsonObject) -> Iterator[tuple[Path, str]]:
    yield ("url",), str(embed.get("url") or "")
    for key, inner in (("image", "url"), ("thumbnail", "url"), ("author", "url"), ("footer", "icon_url")):
        yield (key, inner), str((embed.get(key) or {}).get(inner) or "")


def _component_errors(body: JsonObject, at: Path) -> FieldErrors:
    errors: FieldErrors = []
    top = body.get("components") or []
    every = list(walk_components(top))
    here = (*at, "components")
    if int(body.get("flags") or 0) & COMPONENTS_V2:
        for key in ("content", "embeds"):
            if body.get(key):
                message = "The 'components' field cannot be used together with this one when IS_COMPONENTS_V2 is set"
                errors.append(((*at, key), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message))
        if len(every) > V2_COMPONENTS:
            errors.append((here, "BASE_TYPE_MAX_LENGTH", f"Must be {V2_COMPONENTS} or fewer in length."))
        if sum(length(part.get("content")) for part in every if part.get("type") == TEXT_DISPLAY) > V2_TEXT:
            message = f"Total displayable text must be {V2_TEXT} or fewer in length."
            errors.append((here, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message))
    elif len(top) > 5 or any(part.get("type") not in {ROW, LABEL} for part in top):
        errors.append((here, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 action rows in length."))
    return errors + _each_component(every, here)


def _each_component(every: Sequence[JsonObject], at: Path) -> FieldErrors:
    errors: FieldErrors = []
    seen: set[str] = set()
    for place, part in enumerate(every):
        errors += _one_component(part, (*at, place))
        custom_id = part.get("custom_id")
        if custom_id in seen:
            errors.append(((*at, place, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Custom id is duplicated"))
        if custom_id is not None:
            seen.add(custom_id)
    return errors


def _one_component(part: JsonObject, at: Path) -> FieldErrors:
    errors: FieldErrors = []
    if part.get("custom_id") is not None:
        _required(errors, (*at, "custom_id"), part["custom_id"], 100)
    kind = part.get("type")
    if kind == ROW:
        inner = part.get("components") or []
        if not 1 <= len(inner) <= (5 if all(item.get("type") == BUTTON for item in inner) else 1):
            errors.append(((*at, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."))
    elif kind == BUTTON:
        _too_long(errors, (*at, "label"), part.get("label"), 80)
        errors += _button_target(part, at)
    elif kind in SELECTS:
        _too_long(errors, (*at, "placeholder"), part.get("placeholder"), 150)
        if kind == STRING_SELECT:
            errors += _select_options(part.get("options") or [], (*at, "options"))
    elif kind == GALLERY and not 1 <= len(part.get("items") or []) <= 10:
        errors.append(((*at, "items"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 10 in length."))
    elif kind in {TEXT_INPUT, LABEL}:
        _too_long(errors, (*at, "label"), part.get("label"), 45)
        _too_long(errors, (*at, "description"), part.get("description"), 100)
    return errors


def _button_target(part: JsonObject, at: Path) -> FieldErrors:
    if part.get("style") == 5:
        url = str(part.get("url") or "")
        if not re.match(r"^(https?|discord)://\S+$", url) or length(url) > 512:
            return [((*at, "url"), "URL_TYPE_INVALID_URL", "Not a well formed URL.")]
    elif part.get("custom_id") is None:
        return [((*at, "custom_id"), "BASE_TYPE_REQUIRED", "This field is required")]
    return []


def _select_options(options: Sequence[JsonObject], at: Path) -> FieldErrors:
    errors: FieldErrors = []
    if not 1 <= len(options) <= CHOICES:
        errors.append((at, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {CHOICES} in length."))
    for place, option in enumerate(options):
        _required(errors, (*at, place, "label"), option.get("label"), 100)
        _required(errors, (*at, place, "value"), option.get("value"), 100)
        _too_long(errors, (*at, place, "description"), option.get("description"), 100)
    if len({option.get("value") for option in options}) < len(options):
        errors.append((at, "SELECT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"))
    return errors


def check_choices(choices: Sequence[JsonObject]) -> None:
    """Raise `ApiError` 50035 for autocomplete choices that Discord refuses (25; names and values 100)."""
    errors: FieldErrors = []
    if len(choices) > CHOICES:
        message = f"Must be {CHOICES} or fewer in length."
        errors.append((("data", "choices"), "BASE_TYPE_MAX_LENGTH", message))
    for place, choice in enumerate(choices):
        _required(errors, ("data", "choices", place, "name"), choice.get("name"), 100)
        if isinstance(choice.get("value"), str):
            _too_long(errors, ("data", "choices", place, "value"), choice["value"], 100)
    if errors:
        raise invalid_form(errors)


def check_modal(data: JsonObject) -> None:
    """Raise `ApiError` 50035 for a modal that Discord refuses (title 45, 1 to 5 components)."""
    errors: FieldErrors = []
    _required(errors, ("data", "title"), data.get("title"), 45)
    _required(errors, ("data", "custom_id"), data.get("custom_id"), 100)
    components = data.get("components") or []
    if not 1 <= len(components) <= 5:
        errors.append((("data", "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."))
    errors += _each_component(list(walk_components(components)), ("data", "components"))
    if errors:
        raise invalid_form(errors)


def check_commands(commands: Sequence[JsonObject]) -> None:
    """Raise `ApiError` for application commands that Discord refuses: 30032 for more than 100, else 50035."""
    if len(commands) > GLOBAL_COMMANDS:
        raise ApiError(400, 30032, f"Maximum number of application commands reached ({GLOBAL_COMMANDS}).")
    errors: FieldErrors = []
    names: set[tuple[object, object]] = set()
    for place, command in enumerate(commands):
        key = (command.get("type", 1), command.get("name"))
        if key in names:
            message = "Application command names must be unique"
            errors.append(((place, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", message))
        names.add(key)
        errors += _command_errors(command, (place,), slash=command.get("type", 1) == 1)
        if _command_text(command) > COMMAND_TEXT:
            message = f"Command exceeds maximum size of {COMMAND_TEXT}"
            errors.append(((place,), "APPLICATION_COMMAND_TOO_LARGE", message))
    if errors:
        raise invalid_form(errors)


def _command_errors(command: JsonObject, at: Path, *, slash: bool = True) -> FieldErrors:
    errors: FieldErrors = []
    name = command.get("name")
    if slash and not (isinstance(name, str) and _COMMAND_NAME.match(name) and name == name.lower()):
        message = "Command name is invalid"
        errors.append(((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", message))
    if slash:
        for text in (command.get("description"), *(command.get("description_localizations") or {}).values()):
            _required(errors, (*at, "description"), text, 100)
    options = command.get("options") or []
    if len(options) > OPTIONS:
        errors.append(((*at, "options"), "BASE_TYPE_MAX_LENGTH", f"Must be {OPTIONS} or fewer in length."))
    for place, option in enumerate(options):
        errors += _command_errors(option, (*at, "options", place))
    if len(command.get("choices") or []) > CHOICES:
        errors.append(((*at, "choices"), "BASE_TYPE_MAX_LENGTH", f"Must be {CHOICES} or fewer in length."))
    return errors


def _command_text(command: JsonObject) -> int:
    # Discord: name, description and value of a command and its options; of translations only the longest counts.
    def longest(key: str) -> int:
        return max(map(length, (command.get(key), *(command.get(f"{key}_localizations") or {}).values())))

    choices: list[JsonObject] = command.get("choices") or []
    inner: list[JsonObject] = command.get("options") or []
    return (
        longest("name")
        + longest("description")
        + sum(length(choice.get("name")) + length(choice.get("value")) for choice in choices)
        + sum(map(_command_text, inner))
    )


def _too_long(errors: FieldErrors, at: Path, text: Any, limit: int) -> None:
    if text is not None and not isinstance(text, str):
        errors.append((at, "STRING_TYPE_CONVERT", "Could not interpret as string."))
    elif length(text) > limit:
        errors.append((at, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."))


def _required(errors: FieldErrors, at: Path, text: Any, limit: int) -> None:
    if text is None or text == "":
        errors.append((at, "BASE_TYPE_REQUIRED", "This field is required"))
    else:
        _too_long(errors, at, text, limit)
