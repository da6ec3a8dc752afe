"""The answer of one frame, cut down; and what a profile says of a score and of a name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from camera_registry.profiles import Profile

_EVERY_CLASS = "*"


@dataclass(frozen=True)
class Cut:
    """The answer of one frame with what passed.

    Attributes:
        frame: the answer.
        found: boxes or labels before.
        left_out: those that did not pass.
        is_readable: false for an answer of another shape, which stays as it is.
    """

    frame: Any
    found: int = 0
    left_out: int = 0
    is_readable: bool = True


def number(value: Any) -> float | None:
    """A finite number; None for all else: null stands for NaN, and true is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an int of more than 308 digits
        return None


def scores_enough(profile: Profile, score: Any) -> bool:
    """True for a score that is high enough, as a number or as the list of one that detectors answer."""
    if profile.min_confidence is None:
        return True
    found = number(score[0] if isinstance(score, list) and score else score)
    return found is not None and found >= profile.min_confidence


def by_name(profile: Profile) -> Callable[[Any], bool]:
    """The test of a class by its name, as the container compares names.

    Small letters are as good as capital ones, and a name may list synonyms with commas between.
    """
    wanted = {name.lower() for name in profile.classes or (_EVERY_CLASS,)}
    if _EVERY_CLASS in wanted:
        return lambda _: True

    def is_wanted(name: Any) -> bool:
        small = name.lower() if isinstance(name, str) else ""
        return small in wanted or not wanted.isdisjoint(part.strip() for part in small.split(","))

    return is_wanted
