"""Findings of a camera itself: rectangles in the vendor's own units and words under common names, small, fit for JSON.

Names of people, numbers of cards and the like are no claims: they are read by no vendor's table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from camera_push import trees

Rectangle = dict[str, Any]
MOST_RECTANGLES = 32
_MOST_WORDS = 16
_LONGEST_CLAIM = 64
_SIDES = ("x", "y", "width", "height")
_NUMBERS = {"confidence", "similarity", "temperature", "speed", "count", "people", "faces", "vehicles", "cycles"} | {
    "entered", "exited", "passed", "inside",
    "people_entered", "people_exited", "vehicles_entered", "vehicles_exited",
}  # fmt: skip
_UPPER_LEFT = {"X": "x", "Y": "y", "Width": "width", "Height": "height", "w": "width", "h": "height"}


def rectangle(label: object, *sides: object) -> Rectangle | None:
    """A rectangle of x, y, width and height; None where one of them is no number or it has no area."""
    numbers = [trees.number(side) for side in sides]
    if len(numbers) != len(_SIDES) or any(number is None for number in numbers):
        return None
    found = dict(zip(_SIDES, numbers, strict=True))
    return None if not found["width"] or not found["height"] else {"label": trees.word(label, 64), **found}


def corners(label: object, *sides: object) -> Rectangle | None:
    """A rectangle of its left, upper, right and lower side; None where one of them is no number."""
    left, upper, right, lower = [*(trees.number(side) for side in sides), *(None,) * 4][:4]
    if left is None or upper is None or right is None or lower is None:
        return None
    return rectangle(label, left, upper, _difference(right, left), _difference(lower, upper))


def _difference(upper: float, lower: float) -> float:
    return round(upper - lower, 9)


def corner_list(label: object, sides: object) -> Rectangle | None:
    """A rectangle of a list ``[left, upper, right, lower]``; None for all else."""
    return corners(label, *sides) if isinstance(sides, list) and len(sides) == len(_SIDES) else None


def sized(tree: object) -> list[Rectangle]:
    """All dictionaries with x, y, width and height, each labelled by the key that leads to it, without ``Rect``."""
    found = []
    for keys, value in trees.walk(tree):
        if isinstance(value, dict):
            sides = {_UPPER_LEFT.get(key, key): side for key, side in value.items()}
            label = re.sub("(?i)rect(angle)?$", "", keys[-1]) or "".join(keys[-2:-1]) if keys else None
            found.append(rectangle(label, *(sides.get(side) for side in _SIDES)))
    return [each for each in found if each]


def common_units(rectangles: list[Rectangle]) -> str | None:
    """``1`` where all sides lie in 0 to 1, ``1/1000`` where they lie in 0 to 1000, else None."""
    largest = max((abs(each[side]) for each in rectangles for side in _SIDES), default=None)
    if largest is None or largest > 1000:
        return None
    return "1" if largest <= 1 else "1/1000"


def named(tree: object, names: Mapping[str, str]) -> dict[str, Any]:
    """The first value of each key of a table, anywhere in a tree, under the table's name for it."""
    found: dict[str, Any] = {}
    for keys, value in trees.walk(tree):
        name = names.get(keys[-1]) if keys else None
        if name is not None and name not in found and (claim := value_of(value, name)) is not None:
            found[name] = claim
    return found


def value_of(value: object, name: str = "") -> Any:
    """A boolean, a finite number or a word of 64 characters; None for all else.

    XML, pairs and forms write numbers as text: of the claims that are numbers it becomes one.
    """
    if name in _NUMBERS and isinstance(value, str) and (number := trees.number(value)) is not None:
        return number
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return trees.number(value)
    return trees.word(value, _LONGEST_CLAIM)


def words(values: Iterable[object]) -> list[str]:
    """Different words, at most 16, in their order."""
    found = dict.fromkeys(each for value in values if (each := trees.word(value, _LONGEST_CLAIM)) is not None)
    return list(found)[:_MOST_WORDS]


def made(*, rectangles: Iterable[Rectangle | None] = (), units: str | None = None, **others: Any) -> dict[str, Any]:
    """Claims without those that are None, ``unknown`` or empty; ``units`` stay only beside rectangles."""
    kept = [each for each in rectangles if each][:MOST_RECTANGLES]
    found = {name: value for name, value in others.items() if value not in (None, "", [], {}, "unknown")}
    if kept:
        found["rectangles"] = kept
        if units is not None:
            found["units"] = units
    return found
