"""Signs of life of cameras."""

from __future__ import annotations

from datetime import datetime

from inference_api.identity.caller import Caller


def seen(caller: Caller, *, frames: int, received: datetime, device_time: datetime | None) -> None:
    """Note a sign of life of a camera that is known, and begin to write it where the last one is a minute old.

    It never raises, and does not wait: ``settle`` does.

    Args:
        caller: the camera.
        frames: how many the request has, 0 for a heartbeat.
        received: the time of the request, in UTC.
        device_time: the time by the camera's clock, in UTC; None where it told none, or none with a zone.
    """


def settle() -> None:
    """Wait for what ``seen`` began, at most a second. Call it before the answer: Lambda freezes the process then."""
