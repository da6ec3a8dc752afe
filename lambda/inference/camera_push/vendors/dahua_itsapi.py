"""Dahua's ITSAPI (also CP Plus and other brands): JSON of plates and parking with pictures in base64.

Sources: a simulator of its cameras; receivers of TollgateInfo and KeepAlive; a receiver of CP Plus, which puts a
vehicle and its plate into one string. A local time stands beside the number of a zone whose meaning no one published.
"""

from __future__ import annotations

from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Reply, Sent

NAME = "dahua"
_PATH = "/NotificationInfo/"
_REPLY = Reply("application/json", '{"Result":true,"Message":"Success"}')
_PARTS = ("Plate", "Vehicle", "SnapInfo", "ParkingInfo", "NormalPic", "VehiclePic", "CutoutPic", "CombinPic", "FacePic")
_ROLES = {
    "NormalPic": roles.BACKGROUND,
    "CombinPic": roles.BACKGROUND,
    "VehiclePic": roles.OBJECT,
    "CutoutPic": roles.CROP,
    "CutouPic": roles.CROP,
    "FacePic": roles.CROP,
    "PlatePic": roles.CROP,
}
_BLOCKS = ("Picture/SnapInfo", "Picture/ParkingInfo", "Picture/Plate", "AlarmInfo")
_NO_EVENTS = {"deviceinfo", "register", "timecalibration", "heartbeat", "keepalive"}
_NAMES = {
    "PlateNumber": "plate",
    "PlateColor": "plate_color",
    "PlateType": "plate_type",
    "Confidence": "confidence",
    "VehicleColor": "vehicle_color",
    "VehicleType": "vehicle_type",
    "VehicleSign": "vehicle_brand",
    "Direction": "direction",
    "LanNo": "lane",
    "Speed": "speed",
    "ParkingStatus": "parking_status",
    "ParkingStallsNo": "parking_stall",
    "Type": "alarm_type",
}


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By its path, or by the shape of its JSON where the operator chose another path."""
    return _PATH in sent.path or _tree(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:
    """The facts of a passage, a parked vehicle, an alarm or a keepalive."""
    tree = _tree(envelope) or next((each for d in envelope.documents for each in trees.dictionaries(d.root)), {})
    event_type = trees.word(sent.path.rpartition(_PATH)[2].strip("/")) if _PATH in sent.path else _type(tree)
    ids = {
        "device_id": trees.first(tree, "DeviceID", *(f"{block}/DeviceID" for block in _BLOCKS)),
        "mac": trees.first(tree, "MACAddress", "PhysicalAddress"),
        "ip": trees.first(tree, "IPAddress"),
        "name": trees.first(tree, "DeviceName"),
    }
    kind = kinds.of(envelope, event_type)
    if kinds.plain(event_type or "") in _NO_EVENTS and not envelope.pictures and not envelope.broken:
        kind = Kind.HEARTBEAT
    return Push(
        vendor=NAME,
        kind=kind,
        pictures=roles.pictures(envelope, _roles(tree, envelope), roles.names_by_key(tree, envelope, "PicName")),
        event_type=event_type,
        event_state=trees.first(tree, "AlarmInfo/State", "AlarmInfo/Action"),
        camera_id=ids["device_id"] or ids["mac"],
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(tree, *(f"{block}/Channel" for block in reversed(_BLOCKS)), "Channel"),
        time=_time(tree),
        claims=_claims(tree),
        reply=_REPLY,
        broken=envelope.broken,
        repeats=True,
    )


def _tree(envelope: Envelope) -> dict[str, Any] | None:
    for document in envelope.documents:
        for tree in trees.dictionaries(document.root)[:1]:
            picture = tree.get("Picture")
            if isinstance(picture, dict) and any(part in picture for part in _PARTS):
                return tree
            if kinds.plain(trees.first(tree, "Active") or "") == "keepalive":
                return tree
            if "DeviceID" in tree and isinstance(tree.get("AlarmInfo"), dict) and "Reference" not in tree:
                return tree
    return None


def _type(tree: dict[str, Any]) -> str | None:
    """The name that the path has by default, of a body that came below another one."""
    for block, name in (
        ("Picture/ParkingInfo", "ParkingInfo"),
        ("Picture", "TollgateInfo"),
        ("AlarmInfo", "AlarmInfo"),
    ):
        if trees.at(tree, block) is not None:
            return name
    return "KeepAlive" if "Active" in tree else None


def _time(tree: dict[str, Any]) -> Any:
    for block in _BLOCKS:
        for name in ("AccurateTime", "SnapTime", "Time"):
            unclear = trees.at(tree, f"{block}/TimeZone") is not None
            found = times.read(trees.at(tree, f"{block}/{name}"), has_unclear_zone=unclear)
            if found is not None:
                return found
    return times.read(tree.get("Time")) or times.read(tree.get("Timestamp"))


def _roles(tree: dict[str, Any], envelope: Envelope) -> dict[int, str | None]:
    """By the key of each; a vehicle is the scene where none other is sent."""
    found: dict[int, str | None] = dict(roles.by_key(tree, envelope, _ROLES))
    if roles.BACKGROUND not in found.values():
        vehicle = next((number for number, role in found.items() if role == roles.OBJECT), None)
        if vehicle is not None:
            found[vehicle] = roles.BACKGROUND
    return found


def _claims(tree: dict[str, Any]) -> dict[str, Any]:
    plate, vehicle = trees.at(tree, "Picture/Plate"), trees.at(tree, "Picture/Vehicle")
    found = claims.named(tree, _NAMES)
    if trees.at(plate, "IsExist") is False:
        found.pop("plate", None)
    return claims.made(
        **found,
        rectangles=[
            claims.corner_list("plate", trees.at(plate, "BoundingBox")),
            claims.corner_list("vehicle", trees.at(vehicle, "VehicleBoundingBox")),
        ],
        units="1/8192",
    )
