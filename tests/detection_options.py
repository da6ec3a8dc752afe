"""Options of a detection with values that they take and refuse, from their schemas.

Tests of every part that reads options go through this table, so an option that joins it is tried everywhere.
"""

from __future__ import annotations

from typing import Any

from stacks.api.request_schemas import DETECTION_OPTIONS, words

REFUSALS = {name: f"'{name}' must be {words(schema)}" for name, schema in DETECTION_OPTIONS.items()}
"""By option, the message for a value that it does not take."""

_OF_NO_OPTION = [2.5, "0.5", "true", "", [], [0.5], {}, {"a": 1}, 10**400, float("nan"), float("inf"), -float("inf")]


def ends(schema: dict[str, Any]) -> tuple[Any, Any]:
    """Least and largest value of a number, and both values of a flag."""
    return schema.get("minimum", False), schema.get("maximum", True)


def refused(schema: dict[str, Any]) -> list[Any]:
    """Values just beyond the ends, and values of other kinds."""
    least, most = ends(schema)
    if schema["type"][0] == "boolean":
        return [0, 1, *_OF_NO_OPTION]
    beyond = [value for value in _OF_NO_OPTION if value != 2.5 or schema["type"][0] == "integer" or most < 2.5]
    return [least - 1, most + 1, True, False, *beyond]


TAKEN = [(name, value) for name, schema in DETECTION_OPTIONS.items() for value in ends(schema)]
REFUSED = [(name, value) for name, schema in DETECTION_OPTIONS.items() for value in refused(schema)]
WHOLE_NUMBERS = [(name, *ends(schema)) for name, schema in DETECTION_OPTIONS.items() if schema["type"][0] == "integer"]
VALID = {name: most for name, (_, most) in ((name, ends(schema)) for name, schema in DETECTION_OPTIONS.items())}
"""One value of each option."""
