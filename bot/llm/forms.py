"""From a form (a pydantic model) to a JSON schema that servers accept, and from a model's text back to the form."""

import copy
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Form = TypeVar("Form", bound=BaseModel)

_MOST_TEXT = 400_000
_MOST_STARTS = 50
"""Opening braces tried in a text around JSON: more of them are noise, and each costs time."""

# Not in OpenAI's strict subset, or unknown to some grammar compiler; pydantic checks them afterwards anyway.
_UNSUPPORTED = {"title", "default", "examples", "format", "pattern", "minLength", "maxLength", "discriminator"}

_THINKING = re.compile(
    r"<(think|thinking|reasoning|thought)>.*?</\1>|\[THINK\].*?\[/THINK\]|<\|channel\|>analysis.*?(?=<\|channel\|>final)",
    re.DOTALL | re.IGNORECASE,
)
_THOUGHT_ENDS = re.compile(
    r"</(think|thinking|reasoning|thought)>|\[/THINK\]|<\|channel\|>final<\|message\|>", re.IGNORECASE
)
_FENCE = re.compile(r"```[ \t]*[\w-]*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)


class NotOfForm(Exception):
    """The text holds nothing of that form; the message says in one English sentence what is wrong."""


@lru_cache(maxsize=32)
def strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """Return the form's JSON schema in the subset that strict mode of OpenAI takes, and with it all others.

    Every object is closed and requires all its keys; references are followed, as some servers cannot. A form that
    contains itself cannot be written so and raises `ValueError`. Made once for each form: not to be changed.
    """
    schema = form.model_json_schema()
    definitions = schema.pop("$defs", {})
    strict = _strict(schema, definitions, ())
    return dict(strict)


def _strict(node: Any, definitions: dict[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_strict(one, definitions, inside) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        if name in inside:
            raise ValueError(f"the form {name} contains itself")
        target = copy.deepcopy(definitions[name])
        target.update({key: value for key, value in node.items() if key != "$ref"})
        return _strict(target, definitions, (*inside, name))
    if len(node.get("allOf", ())) == 1:
        return _strict({**node["allOf"][0], **{k: v for k, v in node.items() if k != "allOf"}}, definitions, inside)
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            out[key] = {name: _strict(one, definitions, inside) for name, one in value.items()}
        elif key == "const":
            out["enum"] = [value]
        elif key not in _UNSUPPORTED:
            out["anyOf" if key == "oneOf" else key] = _strict(value, definitions, inside)
    if "properties" in out:
        out["required"] = list(out["properties"])
        out["additionalProperties"] = False
    return out


def describe(schema: dict[str, Any]) -> str:
    """Return the instruction that asks for `schema` in words, for servers that cannot be held to it."""
    shape = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object only, of this JSON schema:\n{shape}"


def read_form(text: str, form: type[Form]) -> Form:
    """Return the form found in a model's text: bare JSON, fenced, in prose, or after the model's thinking.

    The first candidate that validates wins. Raises `NotOfForm`.
    """
    problem = "The answer is empty." if not text.strip() else "The answer holds no JSON object."
    complained = False
    for candidate in _candidates(text[:_MOST_TEXT]):
        for value in _unwrapped(candidate):
            try:
                return form.model_validate(value)
            except ValidationError as error:
                if not complained:
                    problem, complained = _complaint(error), True
    raise NotOfForm(problem)


def _candidates(text: str) -> Iterator[Any]:
    said = _THINKING.sub("", text)
    # Some chat templates open the thinking themselves: only its end is in the answer.
    ends = [match.end() for match in _THOUGHT_ENDS.finditer(said)]
    said = (said[ends[-1] :] if ends else said).strip().lstrip("\ufeff")
    tried = [said, *(match[1] for match in _FENCE.finditer(said))]
    for piece in tried:
        yield from _loads(piece.strip())
    decoder, position = json.JSONDecoder(), 0
    for _ in range(_MOST_STARTS):
        position = said.find("{", position)
        if position < 0:
            return
        try:
            value, position = decoder.raw_decode(said, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        yield _clean(value)


def _loads(text: str) -> Iterator[Any]:
    try:
        yield _clean(json.loads(text))
    except (ValueError, RecursionError):
        return


def _unwrapped(value: Any) -> Iterator[Any]:
    """Yield the value, and what it wraps: models put the answer into a list or under one name of their own."""
    yield value
    inner = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(inner, dict) and inner is not value:
        yield inner
    if isinstance(inner, dict) and len(inner) == 1:
        (only,) = inner.values()
        if isinstance(only, dict):
            yield only


def _clean(value: Any) -> Any:
    """Return the value without NULs and halves of surrogate pairs, which no store and no message can hold."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(one) for key, one in value.items()}
    return value


def _complaint(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    parts = []
    for one in found[:3]:
        place = ".".join(str(part) for part in one["loc"])
        place = "".join(character for character in place if character.isprintable())[:60]
        parts.append(f"{place or 'the answer'}: {one['msg'][:160]}")
    return "The answer does not have the asked form: " + "; ".join(parts) + "."
