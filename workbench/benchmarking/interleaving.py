"""Whose turn it is: variants take turns run by run, so that whatever else the machine does meets all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

Milliseconds = dict[str, float]
"""Milliseconds of one run, by stage; ``whole`` is all of it."""

Served = list[tuple[int, float]]
"""Requests that each worker served, and its seconds."""


class Runs(Protocol):
    """Run once when it is its turn."""

    def run(self) -> Milliseconds:
        """Serve the request once."""
        ...


class Works(Protocol):
    """Have workers that are busy only when it is its turn."""

    def keep_busy(self, workers: int, seconds: float) -> Served:
        """Keep so many of its workers busy."""
        ...


def timed(
    variants: Sequence[Runs], *, warm_up: int, repeat: int, ran: Callable[[], None] = lambda: None
) -> list[list[Milliseconds]]:
    """Run every variant once, then every one again, and so on; one process is at work at a time.

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


def kept_busy(
    variants: Sequence[Works],
    *,
    counts: Sequence[int],
    rounds: int,
    seconds: float,
    was_busy: Callable[[], None] = lambda: None,
) -> list[list[list[Served]]]:
    """Keep the workers of one variant busy at a time, in turns; all others wait.

    Each round runs every number of workers with every variant, so that none gets a quieter machine.

    Args:
        variants: in the order of their turns, with as many workers as the largest number.
        counts: numbers of workers.
        rounds: turns of each number of each variant.
        seconds: of each turn.
        was_busy: is told of every turn.

    Returns:
        Requests served in each turn, by variant and by number of workers.
    """
    kept: list[list[list[Served]]] = [[[] for _ in counts] for _ in variants]
    for _ in range(rounds):
        for place, count in enumerate(counts):
            for variant, turns in zip(variants, kept, strict=True):
                turns[place].append(variant.keep_busy(count, seconds))
                was_busy()
    return kept
