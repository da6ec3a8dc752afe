"""Signs of life of cameras: noted with each request, written at most once a minute, and no reason for one to fail."""

from __future__ import annotations

from datetime import datetime

from inference_api import resources
from inference_api.identity.caller import Caller

_SENDS = "frames"  # the scope of cameras; a credential without it is of a program that reads
_PATIENCE_S = 1.0


def seen(caller: Caller, *, frames: int, received: datetime, device_time: datetime | None) -> None:
    """Note a sign of life of a camera that is known, and begin to write it where the last one is a minute old.

    It never raises, and does not wait: ``settle`` does.

    Args:
        caller: the camera.
        frames: how many the request has, 0 for a heartbeat.
        received: the time of the request, in UTC.
        device_time: the time by the camera's clock, with a zone; None where it told none, or none with a zone.
    """
    try:
        signs, camera_id = resources.signs(), caller.camera_id
        if signs is not None and camera_id is not None and caller.is_known and _SENDS in caller.scopes:
            signs.see(camera_id, caller.profile, frames=frames, received=received, device_time=device_time)
    except Exception as error:  # noqa: BLE001 - whatever it is, the frame is answered
        resources.state_not_written(error)


def settle() -> None:
    """Wait for what ``seen`` began, at most a second. Call it before the answer: Lambda freezes the process then."""
    signs = resources.signs()
    if signs is not None:
        signs.settle(_PATIENCE_S)
