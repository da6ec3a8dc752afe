"""Axis: a picture as the body, its time in the file name; the Test button is a GET; the plate verifier sends JSON.

Sources: AxisCommunications/acap-integration-examples-aws (images-to-aws-s3); AXIS License Plate Verifier's push events.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, common, roles
from camera_push.push import Kind, Push, Sent

NAME = "axis"
_FILE = re.compile(r"filename\*?=\"?(?:UTF-8'')?([^\";]{1,256})", re.IGNORECASE)
_TIME = re.compile(r"(?:\d{4}|\d{2})-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}(?:-\d{1,6})?")
_PLATE = ("plateText", "plateUTF8", "plateUnicode")
_ROLES = {"plate": roles.CROP, "vehicle": roles.BACKGROUND}


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By the name of the client, the file name of the body, or a plate of its verifier."""
    if sent.headers.get("user-agent", "").lower().startswith("axis") or _plate(envelope) is not None:
        return True
    return bool(envelope.pictures and not sent.headers.get("user-agent") and _TIME.search(_file(sent)))


def push(sent: Sent, envelope: Envelope) -> Push:
    """The facts of the query and of the file name; a GET without a word for an event is the Test button."""
    found = common.push(NAME, sent, envelope)
    if sent.method == "GET" and envelope.is_empty and found.event_type is None:
        return replace(found, kind=Kind.TEST, event_type="test")
    plate = _plate(envelope)
    if plate is not None:
        return _verified(found, envelope, plate)
    written = _TIME.search(_file(sent))
    return replace(found, time=times.read(written[0]) if written else found.time)


def _file(sent: Sent) -> str:
    name = _FILE.search(sent.headers.get("content-disposition", "")[:1024])
    return name[1] if name else ""


def _plate(envelope: Envelope) -> dict[str, Any] | None:
    roots = (root for document in envelope.documents if isinstance(root := document.root, dict))
    return next((root for root in roots if "carID" in root and trees.first(root, *_PLATE) is not None), None)


def _verified(found: Push, envelope: Envelope, plate: dict[str, Any]) -> Push:
    """A plate of the verifier: each picture lies beside its type."""
    told = {
        number: _ROLES.get(trees.first(image, "ImageType") or "")
        for image in trees.dictionaries(plate.get("ImageArray"))
        for value in image.values()
        for number in envelope.numbers_at(value)
    }
    serial = trees.first(plate, "camera_info/SerialNumber", "sensorProviderID")
    return replace(
        found,
        kind=Kind.EVENT,
        event_type="plate",
        event_state=trees.first(plate, "carState"),
        pictures=roles.pictures(envelope, told),
        camera_id=serial,
        ids={"serial": serial} if serial else {},
        time=times.read(plate.get("capture_timestamp")) or times.read(plate.get("datetime")),
        claims=claims.made(
            plate=trees.first(plate, *_PLATE),
            confidence=trees.number(plate.get("plateConfidence")),
            direction=claims.value_of(plate.get("carMoveDirection")),
            country=claims.value_of(plate.get("plateCountry")),
        ),
    )
