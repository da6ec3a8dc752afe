"""Keys and tags of an event's objects: ``events/dt=YYYY-MM-DD/camera=ID/REQUEST/`` and its line in the table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inference_api.messages import camera_part, is_request_id


def event_prefix(camera_id: str, request_id: str, received: datetime) -> str:
    """The folder of an event, with a trailing slash."""
    return f"events/dt={received:%Y-%m-%d}/camera={camera_part(camera_id)}/{_request_part(request_id)}/"


def key_in_table(prefix: str) -> str:
    """``results/dt=YYYY-MM-DD/camera=ID/REQUEST.json`` for an event's prefix: the table reads whole days."""
    return f"results/{prefix.removeprefix('events/').rstrip('/')}.json"


def tags_of(notes: Mapping[str, Any]) -> dict[str, Any]:
    """S3's argument for the tag by which the bucket ends an event's objects; none where the event names no time."""
    return {"Tagging": f"retention={notes['retention']}"} if notes.get("retention") else {}


def _request_part(request_id: str) -> str:
    """API Gateway's id, which is a UUID; a random UUID in place of an id that cannot be part of a key."""
    return request_id if is_request_id(request_id) else str(uuid.uuid4())
