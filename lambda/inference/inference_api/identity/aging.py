"""Values that are kept for a while, and told with their age."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Moment:
    """A point in time by two clocks, in seconds.

    Lambda stops a function between its invocations, and the monotonic clock may stop with it; the wall clock may be set
    back. An age is the larger of the two.
    """

    wall: float
    monotonic: float

    @classmethod
    def now(cls) -> Moment:
        """The present."""
        return cls(time.time(), time.monotonic())

    def since(self, earlier: Moment) -> float:
        """Seconds that passed since an earlier moment."""
        return max(self.wall - earlier.wall, self.monotonic - earlier.monotonic)


class AgingCache(Generic[_Value]):
    """The values used last, each with the moment at which it was true. Not thread-safe."""

    def __init__(self, most: int) -> None:
        """Make an empty cache.

        Args:
            most: the number of values beyond which the one unused for longest is forgotten.
        """
        self._most = most
        self._entries: OrderedDict[str, tuple[_Value, Moment]] = OrderedDict()

    def put(self, key: str, value: _Value, moment: Moment) -> None:
        """Keep a value."""
        self._entries[key] = (value, moment)
        self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def get(self, key: str, now: Moment) -> tuple[_Value, float] | None:
        """A value and its age in seconds; None where none is kept."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0], now.since(entry[1])

    def forget(self, key: str) -> None:
        """Keep a value no longer."""
        self._entries.pop(key, None)
