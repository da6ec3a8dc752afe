"""Two ways of doing the same, measured in this process."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import Any

from workbench import serving_program
from workbench.errors import BenchError
from workbench.speed import rounds, side_by_side
from workbench.speed.figures import Figure
from workbench.speed.side_by_side import Effort

_SECONDS_A_TURN = 0.1


def as_when_serving() -> None:
    """Makes the serving program importable, and of this process what the program makes of its own."""
    serving_program.make_importable()
    import cv2

    from ipc_ai_serving.scheduling import allocator

    cv2.setNumThreads(1)
    allocator.keep_freed_memory()


def compare(
    case: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    effort: Effort,
    *,
    same: Callable[[Any, Any], bool] = operator.eq,
    clock: Callable[[], float] = time.process_time,
) -> Figure:
    """Processor time of the product's way beside the other's, in turns.

    Args:
        case: what is done.
        ours: does it once, as the product does.
        theirs: the other way.
        effort: how many rounds.
        same: whether what both return is the same.
        clock: seconds.

    Raises:
        BenchError: it is not the same.
    """
    if not same(ours(), theirs()):
        raise BenchError(f"{case}: both ways do not come to the same")
    ways = [_Way(ours, clock), _Way(theirs, clock)]
    rounds.in_turns(effort.rounds, *ways)
    return side_by_side.ratio(case, "processor time", ways[0].milliseconds, ways[1].milliseconds, "ms")


class _Way:
    """One of them, called so often a turn that the clock's steps do not count."""

    def __init__(self, work: Callable[[], Any], clock: Callable[[], float]) -> None:
        self._work, self._clock = work, clock
        self._calls = 1
        self._calls = max(1, round(_SECONDS_A_TURN / max(self._seconds(), 1e-6)))
        self.milliseconds: list[float] = []

    def __call__(self) -> None:
        """Measures once more."""
        self.milliseconds.append(1000 * self._seconds())

    def _seconds(self) -> float:
        """Of one call."""
        begun = self._clock()
        for _ in range(self._calls):
            self._work()
        return (self._clock() - begun) / self._calls
