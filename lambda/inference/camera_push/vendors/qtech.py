"""QTECH and other brands of RaySharp: JSON of HTTP listening, pictures in base64 in ``PicData``.

Recorders wrap the same lists in ``data/ai_snap_picture`` and name alarms in ``data/alarm_list``. Sources: QTECH's
QVC-IPC API Protocol 2024-1-29, RaySharp's page of the same request, and a Home Assistant integration of its recorders.
"""

from __future__ import annotations

from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Push, Sent

NAME = "qtech"
_LISTS = ("SnapedObjInfo", "FaceInfo", "PlateInfo")
_ROLES = {
    "Background": roles.BACKGROUND,
    "BgImg": roles.BACKGROUND,
    "Image4": roles.BACKGROUND,
    "ObjectImage": roles.CROP,
    "PlateImg": roles.CROP,
    "FaceImage": roles.CROP,
    "Image1": roles.CROP,
    "Image2": roles.CROP,
    "Image3": roles.OBJECT,
}
_NAMES = {
    "PlateNum": "plate",
    "CarNum": "plate",
    "PlateColor": "plate_color",
    "CarBrand": "vehicle_brand",
    "CarType": "vehicle_type",
    "CarColor": "vehicle_color",
    "Score": "confidence",
    "Similarity": "similarity",
    "fAttrAge": "age",
    "Age": "age",
    "Gender": "gender",
    "GlassesType": "glasses",
    "MouthMask": "mask",
    "Expression": "expression",
}


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """By the type of its event, its pictures, or a device without both: a keepalive."""
    return _tree(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The facts of the alarm, or a sign of life without one."""
    tree = _tree(envelope) or {}
    found = trees.at(tree, "PicData") or trees.at(tree, "ai_snap_picture")
    items = [item for key in _LISTS for item in trees.dictionaries(trees.at(found, key))]
    alarms = trees.at(tree, "alarm_list/channel_alarm")
    event_type = trees.first(tree, "EventType") or trees.first(alarms, "int_alarm/int_subtype")
    mac = trees.first(tree, "MACAddress", "MacAddress")
    ids = {"mac": mac, "ip": trees.first(tree, "IPAddress", "IpAddress")}
    return Push(
        vendor=NAME,
        kind=kinds.of(envelope, event_type),
        pictures=roles.pictures(envelope, dict(roles.by_key(tree, envelope, _ROLES))),
        event_type=event_type,
        event_state=trees.first(tree, "EventAction"),
        camera_id=mac,
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(items, "StrChn") or trees.first(tree, "ChannelName") or trees.first(alarms, "channel"),
        time=times.read(trees.at(tree, "EventTime")) or times.read(trees.at(items, "StartTime")),
        claims=_claims(found),
        broken=envelope.broken,
    )


def _tree(envelope: Envelope) -> dict[str, Any] | None:
    for document in envelope.documents:
        if document.kind != "json":
            continue
        for tree in (document.root, trees.at(document.root, "data")):
            if isinstance(tree, dict) and _is_push(tree):
                return tree
    return None


def _is_push(tree: dict[str, Any]) -> bool:
    if any(isinstance(tree.get(key), (dict, list)) for key in ("PicData", "ai_snap_picture", "alarm_list")):
        return True
    device = sum(
        key in tree for key in ("MACAddress", "MacAddress", "IPAddress", "DeviceName", "ChannelName", "EventTime")
    )
    return device >= (1 if "EventType" in tree else 3)


def _claims(found: object) -> dict[str, Any]:
    """Attributes of faces, bodies and plates; a plate that is in no list stands in ``SnapId``."""
    plates = trees.at(found, "PlateInfo")
    named = claims.named({key: trees.at(found, key) for key in _LISTS}, _NAMES)
    plate = trees.first(plates, "Id") or trees.first(plates, "SnapId")
    return claims.made(**{"plate": plate, **named})
