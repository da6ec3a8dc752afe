"""Letting a camera's frames in, by the hours and the quota of its profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inference_api.identity.caller import Caller

OUT_OF_HOURS = "hours"
"""The reason of frames that come outside the hours of the profile."""


@dataclass(frozen=True)
class Admission:
    """What is done with the frames of a request.

    Attributes:
        is_looked_at: false for frames that no model sees: they are answered at once, and make no event.
        reason: why they are not looked at, ``hours``; None where they are.
        next_frame_after_ms: milliseconds after which the camera is asked to send its next frame; None for any time.
    """

    is_looked_at: bool = True
    reason: str | None = None
    next_frame_after_ms: int | None = None


def admit(caller: Caller, *, frames: int, received: datetime) -> Admission:  # noqa: ARG001 - the next commit
    """Decide about the frames of a request, and count them where the profile has a quota.

    Args:
        caller: the camera.
        frames: how many the request has.
        received: the time of the request, in UTC.

    Raises:
        QuotaSpentError: they are more than the day has left.
    """
    return Admission(next_frame_after_ms=caller.profile.frame_interval_ms)
