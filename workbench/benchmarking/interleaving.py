"""Whose turn it is: variants take turns run by run, so that whatever else the machine does meets all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

Milliseconds = dict[str, float]
"""Of one run, by stage; ``whole`` is all of it."""

Served = list[tuple[int, float]]
"""Of each worker the requests that it served, and in how many seconds."""


class Runs(Protocol):
    """What runs once when it is its turn."""

    def run(self) -> Milliseconds:
        """Serves the request once."""
        ...


class Works(Protocol):
    """What has workers, which are busy only when it is its turn."""

    def hire(self, *, warm_up: int) -> None:
        """Adds a worker."""
        ...

    def keep_busy(self, seconds: float) -> Served:
        """Keeps all workers busy."""
        ...


def timed(
    variants: Sequence[Runs], *, warm_up: int, repeat: int, ran: Callable[[], None] = lambda: None
) -> list[list[Milliseconds]]:
    """Runs every variant once, then every one again, and so on; one process is at work at a time.

    Args:
        variants: in the order of their turns.
        warm_up: rounds that are not kept.
        repeat: rounds that are.
        ran: is told of every run.

    Returns:
        The kept runs of each variant, in the order in which they ran.
    """
    kept: list[list[Milliseconds]] = [[] for _ in variants]
    for number in range(warm_up + repeat):
        for variant, runs in zip(variants, kept, strict=True):
            milliseconds = variant.run()
            if number >= warm_up:
                runs.append(milliseconds)
            ran()
    return kept


def kept_busy(variants: Sequence[Works], *, more: int, rounds: int, seconds: float, warm_up: int) -> list[list[Served]]:
    """Keeps the workers of one variant busy at a time, in turns; those of the others wait.

    Args:
        variants: in the order of their turns.
        more: how many workers each hires first.
        rounds: turns of each variant.
        seconds: of each turn.
        warm_up: requests that a new worker serves before its first turn.

    Returns:
        Of each variant, what its workers served in each turn.
    """
    for variant in variants:
        for _ in range(more):
            variant.hire(warm_up=warm_up)
    turns = [[variant.keep_busy(seconds) for variant in variants] for _ in range(rounds)]
    return [list(served) for served in zip(*turns, strict=True)]
