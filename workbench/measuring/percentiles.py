"""Percentiles of measured values, defined once for the whole workbench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

DEFINITION = (
    "interpolated linearly between the two nearest of the sorted runs (numpy.percentile's default; R's type 7), each "
    "stage by itself: a percentile of the whole is not the sum of those of its stages"
)
_LEVELS = (50, 95, 99)

Percentiles = Mapping[str, float]
"""Milliseconds by ``p50``, ``p95`` and ``p99``."""


def percentile(values: Sequence[float], percent: float) -> float:
    """One percentile of at least one value, in the values' unit."""
    return float(np.percentile(np.asarray(values, np.float64), percent))


def of(runs: Sequence[float]) -> Percentiles:
    """The percentiles of runs in milliseconds, rounded to a microsecond."""
    return {f"p{level}": round(percentile(runs, level), 3) for level in _LEVELS}
