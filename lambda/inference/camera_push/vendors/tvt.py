"""TVT and its brands (Viewtron, Provision, Longse's recorders and others): XML ``config`` with pictures in base64.

Sources: Viewtron's webhook documentation and SDK (versions 1.x of cameras, 2.x of recorders); a Go reader's tests of
``SendAlarmStatus`` and the keepalive. A keepalive differs from an alarm by the missing block of the alarm alone.
"""

from __future__ import annotations

from typing import Any

from camera_push import times, trees
from camera_push.documents import Element
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Reply, Sent

NAME = "tvt"
_REPLY = Reply(
    "application/xml",
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<config version="1.0" xmlns="http://www.ipc.com/ver10"><status>success</status></config>',
)
_BLOCKS = ("smartType", "alarmStatusInfo", "traject", "messageType", "currentTime", "dataTime", "deviceInfo")
_ROLES = {"sourceBase64Data": roles.BACKGROUND, "sourceDataInfo": roles.BACKGROUND}
_NAMES = {
    "plateNumber": "plate",
    "licensePlateNumber": "plate",
    "vehicleListType": "list",
    "groupName": "list",
    "vehicleDirect": "direction",
    "direction": "direction",
    "carType": "vehicle_type",
    "brand": "vehicle_brand",
    "model": "vehicle_model",
    "age": "age",
    "sex": "gender",
    "glasses": "glasses",
    "mask": "mask",
    "targetType": "target",
    "enterCarCount": "vehicles_entered",
    "leaveCarCount": "vehicles_exited",
    "enterPersonCount": "people_entered",
    "leavePersonCount": "people_exited",
    "existPersonCount": "people",
    "existCarCount": "vehicles",
}


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """By a ``config`` with one of the blocks that it is known to hold."""
    return _config(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The facts of the alarm, or a sign of life without one."""
    root = _config(envelope) or Element("config")
    tree = next(iter(trees.dictionaries(trees.of(root))), {})
    event_type, state, kind = _event(tree, envelope)
    mac = trees.first(tree, "mac", "deviceInfo/mac", "deviceInfo/macAddress")
    ids = {
        "mac": mac,
        "serial": trees.first(tree, "sn", "deviceInfo/sn", "deviceInfo/serialNumber"),
        "ip": trees.first(tree, "deviceInfo/ip", "deviceInfo/ipAddress", "ip"),
    }
    time = next(
        (found for key in ("currentTime", "dataTime", "dateTime") if (found := times.read(tree.get(key)))), None
    )
    return Push(
        vendor=NAME,
        kind=kind,
        pictures=roles.pictures(envelope, _roles(tree, envelope)),
        event_type=event_type,
        event_state=state,
        camera_id=mac or ids["serial"],
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(tree, "deviceInfo/channelId", "channelID", "channelId"),
        time=time,
        claims=_claims(root, tree),
        reply=_REPLY,
        broken=envelope.broken,
    )


def _config(envelope: Envelope) -> Element | None:
    roots = (document.root for document in envelope.documents if document.kind == "xml")
    return next((root for root in roots if root.tag == "config" and any(map(root.find, _BLOCKS))), None)


def _event(tree: dict[str, Any], envelope: Envelope) -> tuple[str | None, str | None, Kind]:
    """The type, state and meaning: ``alarmStatusInfo`` names alarms true or false, ``traject`` only follows targets."""
    smart, message = trees.first(tree, "smartType"), trees.first(tree, "messageType")
    status = tree.get("alarmStatusInfo")
    if smart is not None:
        return smart, _status(tree), kinds.of(envelope, smart)
    if isinstance(status, dict):
        active = claims.words(name for name, value in status.items() if trees.word(value) == "true")
        event_type = active[0] if active else "alarmStatusInfo"
        return event_type, str(bool(active)).lower(), kinds.of(envelope, active[0] if active else None)
    if "traject" in tree:
        return "traject", None, kinds.of(envelope, None)
    if message is not None and kinds.plain(message) not in {"alarmdata", "alarmstatus"}:
        return message, None, kinds.of(envelope, message)
    return "keepalive", None, kinds.of(envelope, None)


def _status(tree: dict[str, Any]) -> str | None:
    states = (value for keys, value in trees.walk(tree) if keys and keys[-1] == "status")
    return next((word for state in states if (word := trees.word(state)) and word.startswith("SMART_")), None)


def _roles(tree: dict[str, Any], envelope: Envelope) -> dict[int, str | None]:
    """Sources are scenes; a lone target is a crop, and of several without a source the largest is the scene.

    A plate's first target is the scene in version 1.
    """
    found: dict[int, str | None] = dict(roles.by_key(tree, envelope, _ROLES))
    if not found and len(envelope.pictures) == 1:
        return {0: roles.CROP}
    return found


def _claims(root: Element, tree: dict[str, Any]) -> dict[str, Any]:
    rectangles = [
        claims.corners(trees.first(value, "targetType") or "target", *_corners(value["rect"]))
        for _, value in trees.walk(tree)
        if isinstance(value, dict) and isinstance(value.get("rect"), dict)
    ]
    confidence = next((element.attributes.get("count") for element in root.every("PlateConfidence")), None)
    hundredths = trees.number(confidence)
    is_camera = not root.attributes.get("version", "").startswith("2")
    active = tree.get("alarmStatusInfo")
    return claims.made(
        **claims.named(tree, _NAMES),
        confidence=None if hundredths is None else hundredths / 100,
        events=claims.words(name for name, value in active.items() if trees.word(value) == "true")[1:]
        if isinstance(active, dict)
        else None,
        rectangles=rectangles,
        units="1/10000" if is_camera else "pixel",
    )


def _corners(rect: dict[str, Any]) -> list[object]:
    return [rect.get(side) for side in ("x1", "y1", "x2", "y2")]
