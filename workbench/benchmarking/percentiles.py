"""Percentiles of runs, and how two variants compare by them."""

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


def of(runs: Sequence[float]) -> Percentiles:
    """The percentiles of runs in milliseconds, rounded to a microsecond."""
    values = np.percentile(np.asarray(runs, np.float64), _LEVELS)
    return {f"p{level}": round(float(value), 3) for level, value in zip(_LEVELS, values, strict=True)}
