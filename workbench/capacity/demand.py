"""Frames and bytes that the cameras send."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import PlanError

HOURS_A_MONTH = 730.0
"""365 days of 24 hours, in twelve parts: how AWS counts a month in its price examples."""

KILOBYTE, GIGABYTE = 1000, 1000**3
_HOURS_A_DAY = 24.0
# Beyond these a figure is a slip of the hand, and its plan means nothing.
_MOST_CAMERAS = 10_000_000
_MOST_FPS, _MOST_FRAME_KB = 1000, 1_000_000


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Cameras that all send at the same rate, for the same hours of every day.

    Attributes:
        cameras: how many.
        fps: frames a second of each camera.
        frame_kb: a frame in kilobytes (1000 bytes), as a JPEG.
        hours_per_day: hours in which they send, up to 24.
        answer_kb: an answer in kilobytes, headers included: an assumption, as boxes are few.
    """

    cameras: int
    fps: float
    frame_kb: float = 200.0
    hours_per_day: float = _HOURS_A_DAY
    answer_kb: float = 1.0

    def __post_init__(self) -> None:
        if self.cameras < 1:
            raise PlanError(f"--cameras is {self.cameras}; write 1 or more")
        if self.cameras > _MOST_CAMERAS:
            raise PlanError(f"--cameras is {self.cameras}; write {_MOST_CAMERAS:,} or fewer")
        if not 0 < self.fps <= _MOST_FPS:
            raise PlanError(f"--fps is {self.fps:g}; write a number above 0, up to {_MOST_FPS}")
        if not 0 < self.frame_kb <= _MOST_FRAME_KB:
            raise PlanError(f"--frame-kb is {self.frame_kb:g}; write a number above 0, up to {_MOST_FRAME_KB:,}")
        if not 0 < self.hours_per_day <= _HOURS_A_DAY:
            raise PlanError(f"--hours-per-day is {self.hours_per_day:g}; write a number above 0, up to 24")

    @property
    def requests_per_second(self) -> float:
        """While the cameras send."""
        return self.cameras * self.fps

    @property
    def requests_a_month(self) -> float:
        """In a month of 730 hours."""
        return self.requests_per_second * 3600 * HOURS_A_MONTH * self.hours_per_day / _HOURS_A_DAY

    @property
    def gb_in_a_month(self) -> float:
        """Frames, in gigabytes (1000^3 bytes)."""
        return self.requests_a_month * self.frame_kb * KILOBYTE / GIGABYTE

    @property
    def gb_out_a_month(self) -> float:
        """Answers, in gigabytes (1000^3 bytes)."""
        return self.requests_a_month * self.answer_kb * KILOBYTE / GIGABYTE
