"""The options of a detection, in the URL or in the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from inference_api.errors import InvalidRequestError
from inference_api.proxy import Request


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# The check, and the words for a client whose value fails it. The container checks them with the same words; here the
# check also keeps all but numbers and booleans out of the endpoint's Content-Type.
DETECTION_OPTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "min_confidence": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "max_results": (
        lambda value: _is_number(value) and isinstance(value, int) and 1 <= value <= 1000,
        "a whole number from 1 to 1000",
    ),
    "normalized": (lambda value: isinstance(value, bool), "true or false"),
}


def checked(given: Mapping[str, Any]) -> dict[str, float | bool]:
    """The options of a detection among the values given; null means not given.

    Raises:
        InvalidRequestError: a value is none that the option takes.
    """
    options = {}
    for name, (is_one, wanted) in DETECTION_OPTIONS.items():
        value = given.get(name)
        if value is None:
            continue
        if not is_one(value):
            raise InvalidRequestError(f"'{name}' must be {wanted}")
        options[name] = value
    return options


def in_url(sent: Request) -> dict[str, Any]:
    """The options among the query parameters, parsed as JSON; the rest stays text, which no option accepts.

    Raises:
        InvalidRequestError: an option is there twice.
    """
    options: dict[str, Any] = {}
    for name, text in sent.query.items():
        if name not in DETECTION_OPTIONS:
            continue
        if len(sent.repeated_query.get(name, [])) > 1:
            raise InvalidRequestError(f"'{name}' is in the URL more than once; write it once")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        options[name] = text if value is None else value
    return options
