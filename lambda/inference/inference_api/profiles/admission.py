"""Letting a camera's frames in, by the hours and the quota of its profile."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from inference_api import resources
from inference_api.errors import QuotaSpentError
from inference_api.identity.caller import Caller

OUT_OF_HOURS = "hours"
"""The reason of frames that come outside the hours of the profile."""


class Admission(NamedTuple):
    """What is done with the frames of a request.

    Attributes:
        is_looked_at: false for frames that no model sees: they are answered at once, and make no event.
        reason: why they are not looked at, ``hours``; None where they are.
        next_frame_after_ms: milliseconds after which the camera is asked to send its next frame; None for any time.
    """

    is_looked_at: bool = True
    reason: str | None = None
    next_frame_after_ms: int | None = None


def admit(caller: Caller, *, frames: int, received: datetime) -> Admission:
    """Decide about the frames of a request, and count them where the profile has a quota.

    Args:
        caller: the camera.
        frames: how many the request has.
        received: the time of the request, in UTC.

    Raises:
        QuotaSpentError: they are more than the day has left.
    """
    profile = caller.profile
    if profile.hours is not None:
        from camera_registry import hours  # it loads the time zones

        open_hours = hours.of_texts(profile.hours, profile.zone)
        if not open_hours.is_open(received):
            return Admission(False, OUT_OF_HOURS, _until(open_hours.next_opening(received), received))
    if profile.frames_a_day is not None and frames:
        _require_room(caller, profile.frames_a_day, frames, received)
    return Admission(next_frame_after_ms=profile.frame_interval_ms or None)


def _require_room(caller: Caller, most: int, frames: int, received: datetime) -> None:
    signs = resources.signs()
    if signs is None or caller.camera_id is None:
        return
    if signs.spend(caller.camera_id, caller.profile, frames=frames, received=received):
        return
    from camera_registry import hours

    zone = hours.zone_named(caller.profile.zone)
    midnight = hours.next_midnight(received, zone)
    advice = f"this one has {frames}; send fewer at once" if frames > most else "send again tomorrow"
    raise QuotaSpentError(
        f"the camera may send {most} frames a day, and {hours.day_of(received, zone)} in {zone.key} has no room for "
        f"more: {advice}",
        math.ceil((midnight - received).total_seconds()),
    )


def _until(opening: datetime | None, received: datetime) -> int | None:
    """Milliseconds until an opening, rounded up."""
    return None if opening is None else -((received - opening) // timedelta(milliseconds=1))
