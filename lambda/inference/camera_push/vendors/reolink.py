"""Reolink's webhook: JSON ``alarm`` with ``alarmTime`` and the channel; its ONVIF messages are read by ``onvif``.

Source: the form that users of its recorders report; none is published.
"""

from __future__ import annotations

from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Push, Sent

NAME = "reolink"
_BLOCKS = ("alarmTime", "channelName", "deviceModel")


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """By an alarm with one of its names."""
    return _alarm(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The facts of the alarm; a channel's name is no camera's id, since it may repeat."""
    alarm = _alarm(envelope) or {}
    event_type = trees.first(alarm, "type", "name")
    ids = {
        "name": trees.first(alarm, "channelName", "title"),
        "device_id": trees.first(alarm, "deviceUid", "deviceUID", "uid"),
        "mac": trees.first(alarm, "mac", "deviceMac"),
    }
    return Push(
        vendor=NAME,
        kind=kinds.of(envelope, event_type),
        pictures=roles.pictures(envelope, roles.scenes(envelope.pictures)),
        event_type=event_type,
        camera_id=ids["mac"] or ids["device_id"],
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(alarm, "channel"),
        time=times.read(alarm.get("alarmTime")),
        claims=claims.made(
            description=claims.value_of(alarm.get("message")),
            device=claims.value_of(alarm.get("device")),
            model=claims.value_of(alarm.get("deviceModel")),
        ),
        broken=envelope.broken,
    )


def _alarm(envelope: Envelope) -> dict[str, Any] | None:
    for document in envelope.documents:
        alarm = trees.at(document.root, "alarm") if document.kind == "json" else None
        if isinstance(alarm, dict) and any(block in alarm for block in _BLOCKS):
            return alarm
    return None
