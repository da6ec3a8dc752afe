"""Options of a detection by their schemas, with values that they take and refuse.

Tests of every part that reads options go through this table, so an option that joins it is tried everywhere. Null is as
good as none for every option.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DETECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "min_confidence": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "max_results": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000},
    "normalized": {"type": ["boolean", "null"]},
    "classes": {"type": ["array", "string", "null"], "items": {"type": "string"}},
}
_KINDS = {
    "number": "a number from {minimum} to {maximum}",
    "integer": "a whole number from {minimum} to {maximum}",
    "boolean": "true or false",
    "array": "names with commas between, or a list of names: 1 to 100, each of up to 100 characters",
}


def words(option: Mapping[str, Any]) -> str:
    """Words for the values that an option takes: "a whole number from 1 to 1000"."""
    kind = option["type"] if isinstance(option["type"], str) else option["type"][0]
    return _KINDS[kind].format_map(option)


REFUSALS = {name: f"'{name}' must be {words(schema)}" for name, schema in DETECTION_OPTIONS.items()}
"""By option, the message for a value that it does not take."""

_OF_NO_OPTION = [2.5, "0.5", "true", "", [], [0.5], {}, {"a": 1}, 10**400, float("nan"), float("inf"), -float("inf")]


def is_names(schema: dict[str, Any]) -> bool:
    """Tell whether the option's values are names."""
    return "array" in schema["type"]


def ends(schema: dict[str, Any]) -> tuple[Any, Any]:
    """Least and largest value of a number, both values of a flag, and least and largest count of names."""
    return (1, 100) if is_names(schema) else (schema.get("minimum", False), schema.get("maximum", True))


def refused(schema: dict[str, Any]) -> list[Any]:
    """Values just beyond the ends, and values of other kinds."""
    if is_names(schema):
        return [0, True, *(value for value in _OF_NO_OPTION if not isinstance(value, str) and value != [])]
    least, most = ends(schema)
    if schema["type"][0] == "boolean":
        return [0, 1, *_OF_NO_OPTION]
    beyond = [value for value in _OF_NO_OPTION if value != 2.5 or schema["type"][0] == "integer" or most < 2.5]
    return [least - 1, most + 1, True, False, *beyond]


def understood(value: Any) -> Any:
    """The value as the parts understand it: names as a tuple."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(","))
    return tuple(value) if isinstance(value, list) else value


def in_url(value: Any) -> str:
    """The value as a query parameter."""
    return ",".join(value) if isinstance(value, tuple) else json.dumps(value)


_NUMBERS = {name: schema for name, schema in DETECTION_OPTIONS.items() if not is_names(schema)}
NAMES = [name for name, schema in DETECTION_OPTIONS.items() if is_names(schema)]
"""Options whose values are names, which the URL has as text; the values of all others are JSON there."""

_NAMES_TAKEN = ["person", "7", "true, traffic light", ["person", "crane, bird"], ["\u884c\u4eba"], ["x" * 100] * 100]
NAMES_REFUSED = ["", " ,", [], [" "], "x" * 101, ["x"] * 101, "a\r\nX: y", ["a\x7f"], ["\ud800"]]
"""Texts and lists of texts that are no names."""

TAKEN = [
    *((name, value) for name, schema in _NUMBERS.items() for value in ends(schema)),
    *((name, value) for name in NAMES for value in _NAMES_TAKEN),
]
REFUSED = [(name, value) for name, schema in DETECTION_OPTIONS.items() for value in refused(schema)]
REFUSED_IN_URL = [(name, value) for name, schema in _NUMBERS.items() for value in refused(schema)]
"""Those that are refused as JSON in the URL, or in a content type."""

WHOLE_NUMBERS = [(name, *ends(schema)) for name, schema in _NUMBERS.items() if schema["type"][0] == "integer"]
VALID = {name: ends(schema)[1] for name, schema in _NUMBERS.items()} | dict.fromkeys(NAMES, ("person", "traffic light"))
"""One value of each option, as it is understood."""
