"""Events of the watch: a camera fell silent, or is back."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from camera_registry.profiles import Profile
from camera_registry.states import State
from inference_api.events.event_keys import event_prefix
from inference_api.messages import Inference

if TYPE_CHECKING:
    from inference_api.events.event_store import EventStore

logger = Logger(child=True)

SILENT, RETURNED = "CameraSilent", "CameraReturned"
"""Types of the events."""
_VENDOR = "ipc-ai-saas"
_NAMESPACE = uuid.UUID("0b0e6c0f-7f0b-4d8e-9d4c-3c1d0f6a5b77")  # drawn at random for these events
_NO_RESULT = Inference(b"null")


def document(event_type: str, state: State, profile: Profile, now: int) -> dict[str, Any]:
    """The event without its result, in the form of a push without a picture.

    Its id is that of the one silence of the camera, so that an event that is written twice is one object.

    Args:
        event_type: ``CameraSilent`` or ``CameraReturned``.
        state: the camera's, before the step that the event tells of.
        profile: the camera's in force.
        now: the time, in seconds since 1970.
    """
    since = state.last_seen if state.silent_since is None else state.silent_since
    returned = {} if state.returned_since is None else {"returned_since": _iso(state.returned_since)}
    told = {"silent_since": _iso(since), **returned, "silent_after_s": state.silent_after_s}
    return {
        "request_id": str(uuid.uuid5(_NAMESPACE, json.dumps([event_type, state.camera_id, since]))),
        "client_request_id": None,
        "timestamp": None,
        "camera_id": state.camera_id,
        "received": _iso(now),
        "frames": {},
        "push": {
            "vendor": _VENDOR,
            "event_type": event_type,
            "event_state": "active" if event_type == SILENT else "inactive",
            "camera_claim": None,
            "ids": {},
            "channel": None,
            "device_time": None,
            "claims": told,
            "pictures": [],
            "broken": [],
        },
        **({"retention": profile.retention} if profile.retention else {}),
    }


def tell(event: dict[str, Any], store: EventStore | None) -> None:
    """Log an event, and store it where events are kept.

    Raises:
        Exception: S3's, or the end of patience with it.
    """
    told = {"camera_id": event["camera_id"], **event["push"]["claims"]}
    if event["push"]["event_type"] == SILENT:
        logger.warning("camera silent", extra=told)
    else:
        logger.info("camera returned", extra=told)
    if store is not None:
        prefix = event_prefix(event["camera_id"], event["request_id"], datetime.fromisoformat(event["received"]))
        store.finish(prefix, event, _NO_RESULT, writes=[], deadline=store.deadline())


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
