"""The options of a detection, in the URL or in the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference_api.errors import InvalidRequestError
from inference_api.proxy import Request

_OF_A_SIGNATURE = "x-amz-"  # of a signature in the URL, which AWS's SDKs make
_SHOWN_CHARACTERS = 64
_MOST_NAMES, _LONGEST_NAME = 100, 100
_IN_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and halves of a surrogate pair


@dataclass(frozen=True)
class _Option:
    """An option of a detection.

    Attributes:
        read: function from a value to the value as it is understood; None for a value that the option does not take.
        words: those for a client whose value it does not take.
        is_text: true where the URL has it as text, which is no JSON.
    """

    read: Callable[[Any], Any]
    words: str
    is_text: bool = False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(minimum: int, maximum: int) -> _Option:
    return _Option(
        lambda value: value if _is_number(value) and minimum <= value <= maximum else None,
        f"a number from {minimum} to {maximum}",
    )


def _whole_number(minimum: int, maximum: int) -> _Option:
    return _Option(
        lambda value: value if _is_number(value) and isinstance(value, int) and minimum <= value <= maximum else None,
        f"a whole number from {minimum} to {maximum}",
    )


def _names(value: Any) -> tuple[str, ...] | None:
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        return None
    kept = tuple(name.strip() for name in listed if name.strip())
    fits = all(len(name) <= _LONGEST_NAME and not _IN_NO_NAME.search(name) for name in kept)
    return kept if fits and 1 <= len(kept) <= _MOST_NAMES else None


# The container checks the options with the same words; here the check also keeps all but numbers, booleans and short
# names out of the endpoint's Content-Type.
DETECTION_OPTIONS: dict[str, _Option] = {
    "min_confidence": _number(0, 1),
    "max_results": _whole_number(1, 1000),
    "normalized": _Option(lambda value: value if isinstance(value, bool) else None, "true or false"),
    "classes": _Option(
        _names,
        f"names with commas between, or a list of names: 1 to {_MOST_NAMES}, each of up to {_LONGEST_NAME} characters",
        is_text=True,
    ),
}


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a detection among the values given; null means not given. Names become a tuple.

    Raises:
        InvalidRequestError: a value is none that the option takes.
    """
    options = {}
    for name, option in DETECTION_OPTIONS.items():
        if given.get(name) is None:
            continue
        value = option.read(given[name])
        if value is None:
            raise InvalidRequestError(f"'{name}' must be {option.words}")
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
    """The options among the query parameters, parsed as JSON but for names; the rest stays text, which none accepts.

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
        options[name] = text if DETECTION_OPTIONS[name].is_text else _parsed(text)
    return options


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return text if value is None else value
