"""Load of the cameras, second by second of a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.capacity.queueing import Floats

DAY_SECONDS = 86400.0
_PEAK_HOUR = 14.0


@dataclass(frozen=True, kw_only=True)
class DayCurve:
    """A day with a quiet night, and events at which many cameras see motion together.

    All of it is an assumption about cameras, not a measurement.

    Attributes:
        night_share: what is sent at 2 in the night, of what is sent at 14 h.
        bursts_a_day: events a day, on average.
        burst_seconds: how long one lasts, on average.
        burst_factor: how many times as much is sent meanwhile.
    """

    night_share: float = 0.3
    bursts_a_day: float = 6.0
    burst_seconds: float = 300.0
    burst_factor: float = 1.5

    def factors(self, seconds: Floats, generator: np.random.Generator) -> Floats:
        """Load at each time (seconds of the day), as a multiple of the rate at 14 h without a burst."""
        hours = seconds / 3600
        wave = 0.5 * (1 + np.cos((hours - _PEAK_HOUR) / 24 * 2 * np.pi))
        factors: Floats = self.night_share + (1 - self.night_share) * wave
        count = int(generator.poisson(self.bursts_a_day))
        starts = generator.uniform(0, DAY_SECONDS, count)
        lengths = generator.exponential(self.burst_seconds, count)
        for start, length in zip(starts, lengths, strict=True):
            factors[(seconds >= start) & (seconds < start + length)] *= self.burst_factor
        return factors
