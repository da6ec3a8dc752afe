"""The options of a detection, in the URL or in the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from inference_api.errors import InvalidRequestError
from inference_api.proxy import Request


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_OF_A_SIGNATURE = "x-amz-"  # of a signature in the URL, which AWS's SDKs make
_SHOWN_CHARACTERS = 64

# A check, and the words for a client whose value fails it.
_Option = tuple[Callable[[Any], bool], str]


def _number(minimum: int, maximum: int) -> _Option:
    return lambda value: _is_number(value) and minimum <= value <= maximum, f"a number from {minimum} to {maximum}"


def _whole_number(minimum: int, maximum: int) -> _Option:
    return (
        lambda value: _is_number(value) and isinstance(value, int) and minimum <= value <= maximum,
        f"a whole number from {minimum} to {maximum}",
    )


# The container checks the options with the same words; here the check also keeps all but numbers and booleans out of
# the endpoint's Content-Type.
DETECTION_OPTIONS: dict[str, _Option] = {
    "min_confidence": _number(0, 1),
    "max_results": _whole_number(1, 1000),
    "normalized": (lambda value: isinstance(value, bool), "true or false"),
}


def checked(given: Mapping[str, Any]) -> dict[str, float | bool]:
    """The options of a detection among the values given; null means not given.

    Raises:
        InvalidRequestError: a value is none that the option takes.
    """
    options = {}
    for name, (is_valid, words) in DETECTION_OPTIONS.items():
        value = given.get(name)
        if value is None:
            continue
        if not is_valid(value):
            raise InvalidRequestError(f"'{name}' must be {words}")
        options[name] = value
    return options


def refuse_in_url(sent: Request, in_json: Sequence[str]) -> None:
    """Refuse query parameters where options are keys of the JSON alone.

    Raises:
        InvalidRequestError: there is one.
    """
    for name in sent.query:
        if not name.lower().startswith(_OF_A_SIGNATURE):
            raise InvalidRequestError(
                f"{_no_parameter(name, in_json)}; a comparison takes {', '.join(in_json)} as keys of the JSON"
            )


def _no_parameter(name: str, known: Iterable[str]) -> str:
    import difflib  # for a mistake alone

    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    meant = f", did you mean '{near[0]}'?" if near and near[0] != name else ""
    return f"the URL has no parameter '{name[:_SHOWN_CHARACTERS]}'{meant}"


def in_url(sent: Request) -> dict[str, Any]:
    """The options among the query parameters, parsed as JSON; the rest stays text, which no option accepts.

    Raises:
        InvalidRequestError: an option is there twice, or a query parameter is none.
    """
    options: dict[str, Any] = {}
    for name, text in sent.query.items():
        if name.lower().startswith(_OF_A_SIGNATURE):
            continue
        if name not in DETECTION_OPTIONS:
            raise InvalidRequestError(
                f"{_no_parameter(name, DETECTION_OPTIONS)}; it takes {', '.join(DETECTION_OPTIONS)}"
            )
        if len(sent.repeated_query.get(name, [])) > 1:
            raise InvalidRequestError(f"'{name}' is in the URL more than once; write it once")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        options[name] = text if value is None else value
    return options
