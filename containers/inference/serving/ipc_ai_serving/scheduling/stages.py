"""Timing of the stages of a request, for the log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Milliseconds = dict[str, float]
"""By name of the stage; a stage that ran several times has the sum."""

_collected: ContextVar[Milliseconds | None] = ContextVar("stages", default=None)


@contextmanager
def collected() -> Iterator[Milliseconds]:
    """Collect the stages of the request that this thread serves."""
    stages: Milliseconds = {}
    token = _collected.set(stages)
    try:
        yield stages
    finally:
        _collected.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time what happens inside; costs next to nothing where no request collects."""
    started = time.perf_counter()
    try:
        yield
    finally:
        stages = _collected.get()
        if stages is not None:
            stages[name] = round(stages.get(name, 0) + (time.perf_counter() - started) * 1000, 2)
