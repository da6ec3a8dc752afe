"""The values of a profile, checked one by one, in words for the operator who writes them."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from camera_registry import hours

KEEPS = ("everything", "detections", "nothing")
"""What is stored of a camera's requests: all, those with a box that passed, none."""
RETENTIONS = ("7", "30", "90", "forever")
"""Days that events are kept."""

_MOST_CLASSES, _LONGEST_CLASS = 100, 100  # as many as the option 'classes' of a request takes
_MOST_POLYGONS, _MOST_CORNERS = 16, 64
_MOST_WINDOWS = 32
_IN_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and halves of a surrogate pair


def read_all(document: Mapping[str, Any]) -> dict[str, Any]:
    """Read the values as a profile has them: lists become tuples, numbers of days texts, and null is left out.

    Raises:
        ValueError: a profile has no such name, or the name takes no such value.
    """
    said = {name: _read(name, value) for name, value in document.items()}
    least, largest = said.get("min_box"), said.get("max_box")
    if least and largest and (least[0] > largest[0] or least[1] > largest[1]):
        raise ValueError("'min_box' is larger than 'max_box', so that no box would pass; make it smaller")
    return {name: value for name, value in said.items() if value is not None}


def _read(name: str, value: Any) -> Any:
    reader = _READERS.get(name)
    if reader is None:
        raise ValueError(f"a profile has no '{name}'{_meant(str(name), _READERS)}; it takes {', '.join(_READERS)}")
    try:
        return None if value is None else reader(value)
    except hours.HoursError as error:
        raise ValueError(f"'{name}': {error}") from error
    except ValueError as error:
        raise ValueError(f"'{name}' {error}") from error


def _share(value: Any) -> float:
    number = _number(value)
    if number is None or not 0 <= number <= 1:
        raise ValueError("must be a number from 0 to 1")
    return number


def _size(value: Any) -> tuple[float, float]:
    shares = [_number(each) for each in value] if isinstance(value, list | tuple) else []
    if len(shares) != 2 or not all(share is not None and 0 <= share <= 1 for share in shares):
        raise ValueError("must be [WIDTH, HEIGHT], each from 0 to 1 of the frame's, such as [0.02, 0.05]")
    return (shares[0] or 0.0, shares[1] or 0.0)


def _classes(value: Any) -> tuple[str, ...]:
    listed = value.split(",") if isinstance(value, str) else value
    names = [name.strip() for name in listed] if _are_texts(listed) else []
    fits = all(name and len(name) <= _LONGEST_CLASS and not _IN_NO_NAME.search(name) for name in names)
    if not fits or not 1 <= len(names) <= _MOST_CLASSES:
        raise ValueError(
            f"must be a list of 1 to {_MOST_CLASSES} names, each of up to {_LONGEST_CLASS} characters, such as "
            '["person", "car"]; ["*"] is every class'
        )
    return tuple(dict.fromkeys(names))


def _regions(value: Any) -> tuple[tuple[tuple[float, float], ...], ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MOST_POLYGONS:
        raise ValueError(f"must be a list of 1 to {_MOST_POLYGONS} polygons, each a list of corners [X, Y]")
    if all(isinstance(corner, list | tuple) and len(corner) == 2 for corner in value) and all(
        _number(part) is not None for corner in value for part in corner
    ):
        raise ValueError("must be a list of polygons; put this one into a list: [[[X, Y], [X, Y], [X, Y]]]")
    return tuple(map(_polygon, value))


def _polygon(value: Any) -> tuple[tuple[float, float], ...]:
    corners = tuple(map(_corner, value)) if isinstance(value, list | tuple) else ()
    if not 3 <= len(corners) <= _MOST_CORNERS:
        raise ValueError(f"has a polygon of {len(corners)} corners; a polygon has 3 to {_MOST_CORNERS}")
    (x, y), others = corners[0], corners[1:]
    # On one line are the corners whose triangles with the first have no area.
    if not any((a[0] - x) * (b[1] - y) != (b[0] - x) * (a[1] - y) for a in others for b in others):
        raise ValueError("has a polygon whose corners lie on one line, so that nothing is in it")
    return corners


def _corner(value: Any) -> tuple[float, float]:
    parts = [_number(part) for part in value] if isinstance(value, list | tuple) else []
    if len(parts) != 2 or not all(part is not None and 0 <= part <= 1 for part in parts):
        raise ValueError(
            "has a corner that is not [X, Y] from 0 to 1 of the frame's width and height; divide pixels by them"
        )
    return (parts[0] or 0.0, parts[1] or 0.0)


def _zone(value: Any) -> str:
    if isinstance(value, str) and value in _zones():
        return value
    meant = _meant(value, _zones()) if isinstance(value, str) else ""
    raise ValueError(f"must be the IANA name of a time zone, such as Europe/Berlin or Asia/Shanghai{meant}")


def _hours(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not _are_texts(listed) or not 1 <= len(listed) <= _MOST_WINDOWS:
        raise ValueError(f'must be a list of 1 to {_MOST_WINDOWS} texts, such as ["mon-fri 07:00-19:00"]')
    for text in listed:
        hours.window_of(text)
    return tuple(text.strip() for text in listed)


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read_whole(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return read_whole


def _one_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    def read_one(value: Any) -> str:
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}{_meant(text, names)}")
        return text

    return read_one


_READERS: dict[str, Callable[[Any], Any]] = {
    "min_confidence": _share,
    "classes": _classes,
    "regions": _regions,
    "min_box": _size,
    "max_box": _size,
    "zone": _zone,
    "hours": _hours,
    "frames_a_day": _whole(1, 10_000_000),
    "frame_interval_ms": _whole(0, 3_600_000),
    "keep": _one_of(KEEPS),
    "retention": _one_of(RETENTIONS),
    "silent_after_s": _whole(60, 604_800),
}


def _number(value: Any) -> float | None:
    """A finite number, which true and false are not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an int of more than 308 digits
        return None


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _meant(text: str, known: Iterable[str]) -> str:
    """The nearest known name as a question; nothing where none is near."""
    import difflib  # for a mistake alone

    by_small_letters = {name.lower(): name for name in known}
    near = difflib.get_close_matches(
        text.lower().replace("-", "_"), by_small_letters, n=1
    ) or difflib.get_close_matches(text.lower(), by_small_letters, n=1)
    return f", did you mean '{by_small_letters[near[0]]}'?" if near else ""


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
