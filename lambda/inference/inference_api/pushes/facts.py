"""The words of a camera about its push, as the event keeps them under ``push``, and the names of the camera."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from inference_api.messages import short_word
from inference_api.parsing.frames import UNKNOWN, declared_camera
from inference_api.proxy import Request
from inference_api.pushes.paths import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_push.push import DeviceTime, Push
    from inference_api.identity.caller import Caller

_LONGEST_CLAIMS = 32_768  # characters of JSON; a message of SQS holds the event without its frames
_MOST_WORDS = 32


def claimed_camera(request: Request, place: Place) -> str | None:
    """The camera's name by header or path; None where it has none."""
    declared = declared_camera(request)
    return declared if declared != UNKNOWN else place.camera


def camera_of(caller: Caller, claimed: str | None, push: Push) -> str:
    """The camera of an event: the proven one, else the name by header or path, else that in the body."""
    return caller.camera_id or claimed or _word(push.camera_id) or UNKNOWN


def of_push(push: Push, roles: Sequence[str]) -> dict[str, Any]:
    """The facts, each of a bounded size.

    Args:
        push: the push.
        roles: the role among the event's frames of each picture.
    """
    return {
        "vendor": push.vendor,
        "event_type": _word(push.event_type),
        "event_state": _word(push.event_state),
        "camera_claim": _word(push.camera_id),
        "ids": {short_word(name): short_word(text) for name, text in list(push.ids.items())[:_MOST_WORDS]},
        "channel": _word(push.channel),
        "device_time": _time(push.time),
        "claims": _claims(push),
        "pictures": [
            {"role": picture.role, "name": _word(picture.name), "frame": role}
            for picture, role in zip(push.pictures, roles, strict=True)
        ],
        "broken": [short_word(fault) for fault in push.broken[:_MOST_WORDS]],
    }


def _time(time: DeviceTime | None) -> dict[str, str | None] | None:
    if time is None:
        return None
    return {"raw": short_word(time.raw), "zone": time.zone, "utc": time.utc.isoformat() if time.utc else None}


def _claims(push: Push) -> dict[str, Any]:
    size = len(json.dumps(dict(push.claims)))
    return dict(push.claims) if size <= _LONGEST_CLAIMS else {"left_out": f"{size} characters"}


def _word(text: str | None) -> str | None:
    return None if text is None else short_word(text)
