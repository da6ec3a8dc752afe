"""Uniview's LAPI: JSON of alarms and of structures, its pictures in base64 or in parts ``imageindexN``.

Sources: LightAPI v4 by a Home Assistant integration; LiteAPI types of a Go receiver; a simulator's review of six kinds
of devices; a receiver of UpServer's keepalive. An alarm and its pictures may come as two requests.
"""

from __future__ import annotations

import re
from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Reply, Sent

NAME = "uniview"
_REPLY = Reply(
    "application/json",
    '{"Response":{"ResponseCode":0,"ResponseString":"Succeed","StatusCode":0,"Data":"null"}}',
)
_BLOCKS = (
    "AlarmInfo",
    "AlarmType",
    "EventInfo",
    "StructureDataInfo",
    "StructureInfo",
    "VehicleEventInfo",
    "AlarmPicture",
    "FaceInfoList",
)
_NAMED_BLOCKS = {
    "StructureDataInfo": "Structure",
    "StructureInfo": "Structure",
    "VehicleEventInfo": "VehicleEventInfo",
    "FaceInfoList": "PersonVerification",
}
_ROLES = {"PanoImage": roles.BACKGROUND, "FaceImage": roles.CROP}
_LISTS = {
    "PersonInfoList": "person",
    "FaceInfoList": "face",
    "VehicleInfoList": "vehicle",
    "NonMotorVehicleInfoList": "cycle",
}
_TYPES = {1: roles.BACKGROUND, 2: roles.CROP, 3: roles.CROP}
_LIFE = {"register", "unregister", "keepalive", "heartbeat"}
_POSITION = re.compile(r"(-?\d{1,6}),(-?\d{1,6});(-?\d{1,6}),(-?\d{1,6})")
_NAMES = {
    "PlateNo": "plate",
    "PlateColor": "plate_color",
    "VehicleType": "vehicle_type",
    "VehicleColor": "vehicle_color",
    "Confidence": "confidence",
    "Gender": "gender",
    "AgeRange": "age_range",
    "GlassFlag": "glasses",
    "MaskFlag": "mask",
    "Temperature": "temperature",
    "PersonNum": "people",
    "FaceNum": "faces",
    "VehicleNum": "vehicles",
    "NonMotorVehicleNum": "cycles",
    "ObjectIn": "entered",
    "ObjectOut": "exited",
    "AlarmLevel": "level",
}


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By its path, or by a reference beside one of its blocks."""
    return "/LAPI/" in f"{sent.path}/" or _tree(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:
    """The facts of an alarm or a structure."""
    tree = _tree(envelope) or next((tree for each in envelope.documents for tree in trees.dictionaries(each.root)), {})
    segment = trees.word(sent.path.rstrip("/").rpartition("/")[2]) if "/LAPI/" in sent.path else None
    event_type = trees.first(tree, "AlarmInfo/AlarmType", "AlarmType", "EventInfo/Type") or _kind_of_block(
        tree, segment
    )
    state = re.search("(On|Off)$", event_type or "")
    kind = kinds.of(envelope, event_type)
    if kinds.plain(segment or "") in _LIFE and not envelope.pictures and not envelope.broken:
        kind = Kind.HEARTBEAT
    ids = {
        "reference": trees.first(tree, "Reference"),
        "device_id": trees.first(tree, "DeviceID", "AlarmInfo/DeviceID", "DeviceCode"),
    }
    time = trees.first(tree, "AlarmInfo/TimeStamp", "TimeStamp", "EventInfo/TimeStamp", "Timestamp")
    return Push(
        vendor=NAME,
        kind=kind,
        pictures=roles.pictures(envelope, _roles(tree, envelope)),
        event_type=event_type,
        event_state=state[0] if state else None,
        camera_id=ids["device_id"],
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(tree, "AlarmInfo/AlarmSrcID", "SrcID", "SourceID", "EventInfo/SrcID", "ChannelID"),
        time=times.read(time),
        claims=_claims(tree),
        reply=_REPLY,
        broken=envelope.broken,
    )


def _tree(envelope: Envelope) -> dict[str, Any] | None:
    roots = (root for document in envelope.documents if isinstance(root := document.root, dict))
    return next((root for root in roots if "Reference" in root and any(block in root for block in _BLOCKS)), None)


def _kind_of_block(tree: dict[str, Any], segment: str | None) -> str | None:
    """The last name of the path, or of a body without it the block that the path would name."""
    if segment is not None and segment != "Notification":
        return segment
    return next((name for block, name in _NAMED_BLOCKS.items() if block in tree), None)


def _roles(tree: dict[str, Any], envelope: Envelope) -> dict[int, str | None]:
    """The role of each picture by its key or its type: 1 is the scene; else by the indexes at which objects point."""
    images = [
        value for _, value in trees.walk(tree) if isinstance(value, dict) and "Index" in value and "Type" in value
    ]
    pointed: dict[object, str] = {}
    for keys, value in trees.walk(tree):
        if keys and keys[-1].endswith("AttachIndex"):
            pointed[trees.number(value)] = roles.BACKGROUND if keys[-1].startswith("Large") else roles.CROP
    by_index = {
        trees.number(image["Index"]): _TYPES.get(_integer(image["Type"])) or pointed.get(trees.number(image["Index"]))
        for image in images
    }
    found = {number: by_index.get(_part_index(picture.part_name)) for number, picture in enumerate(envelope.pictures)}
    found |= roles.by_key(tree, envelope, _ROLES)
    for image in images:
        for number in envelope.numbers_at(image.get("Data")):
            found[number] = by_index[trees.number(image["Index"])]
    return found


def _integer(value: object) -> int:
    number = trees.number(value)
    return -1 if number is None else int(number)


def _part_index(name: str | None) -> int | float | None:
    found = re.fullmatch(r"(?i)imageindex=?(\d{1,4})", name or "")
    return int(found[1]) if found else None


def _claims(tree: dict[str, Any]) -> dict[str, Any]:
    rectangles = []
    for keys, value in trees.walk(tree):
        found = _POSITION.fullmatch(value) if keys and keys[-1] == "Position" and isinstance(value, str) else None
        if found:
            label = next((_LISTS[key] for key in reversed(keys) if key in _LISTS), "object")
            rectangles.append(claims.corners(label, *map(int, found.groups())))
    return claims.made(**claims.named(tree, _NAMES), rectangles=rectangles, units="1/10000")
