"""A site's briefs for other programs, checked against the schema that the same site publishes."""

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from bot.web import addresses


def schema_of(files: Mapping[str, bytes]) -> Draft202012Validator:
    """Return what checks a day's briefs, from the site itself."""
    schema = json.loads(files[addresses.briefs_schema()])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def validate(files: Mapping[str, bytes]) -> list[Any]:
    """Check every day's briefs against the schema that stands beside them; return them."""
    names = [name for name in files if name.startswith("briefs/") and name != addresses.briefs_schema()]
    days = [json.loads(files[name]) for name in sorted(names)]
    for day in days:
        assert day["$schema"] == "schema.json"
        schema_of(files).validate(day)
    return days
