"""Dahua's PictureHttpUpload, EventHttpUpload and snapManager (also Intelbras, Amcrest, Lorex): events as JSON or lines.

Sources: an emulator of its access panels (``Events[0].ImageInfo[n]``, ``info`` beside ``file``); Home Assistant's dahua
and dahua-acs integrations (``Code=..;action=..;index=..``, deflated bodies); receivers of its keepalive at the root.
``RealUTC`` is UTC where ``UTC`` may count local time, so it comes first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Reply, Sent

NAME = "dahua"
_PATHS = ("/PictureHttpUpload", "/EventHttpUpload", "/cgi-bin/NotifyEvent")
_REPLY = Reply("application/json", '{"result":true}')
_TYPES = {0: roles.BACKGROUND, 1: roles.CROP, 2: roles.OBJECT}
_LINE = re.compile(r"Code=([^;\r\n]{1,128});\s*action=([^;\r\n]{1,64})(?:;\s*index=(\d{1,6}))?", re.IGNORECASE)
_DATA = re.compile(r";\s*data=(\{.*\})", re.IGNORECASE | re.DOTALL)
_NO_CHANNEL = re.compile(
    "Alarm(?!Video)|Access|Door|Card|Finger|Storage|Disk|Net|Login|Time|Reboot|Invalid", re.IGNORECASE
)
_TIMES = ("RealUTC", "UTC", "CreateTime", "StartTime", "LocaleTime", "SnapTime", "Time")
_NAMES = {
    "PlateNumber": "plate",
    "PlateColor": "plate_color",
    "VehicleColor": "vehicle_color",
    "VehicleType": "vehicle_type",
    "VehicleSign": "vehicle_brand",
    "ObjectType": "target",
    "Confidence": "confidence",
    "Similarity": "similarity",
    "Sex": "gender",
    "Age": "age",
    "Glasses": "glasses",
    "Mask": "mask",
    "Emotion": "emotion",
    "CoatColor": "coat_color",
    "TrousersColor": "trousers_color",
    "HasHat": "hat",
    "HasBag": "bag",
    "Direction": "direction",
    "Lane": "lane",
    "Speed": "speed",
    "Temperature": "temperature",
    "EnteredSubtotal": "entered",
    "ExitedSubtotal": "exited",
    "InsideSubtotal": "inside",
    "Number": "count",
    "SenseMethod": "sense_method",
    "Method": "method",
    "ErrorCode": "error_code",
}


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By its paths, a GET for a keepalive, an event with a code, or a line that begins with one."""
    if any(path in sent.path for path in _PATHS):
        return True
    if sent.method == "GET" and envelope.is_empty and kinds.sign_of_life(sent.path) is not None:
        return True
    return bool(_events(envelope)) or _top(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:
    """The facts of the first event; of several the other codes are claims."""
    events, top = _events(envelope), _top(envelope) or {}
    event = events[0] if events else {}
    code = trees.first(event, "Code", "EventBaseInfo/Code")
    sign = kinds.sign_of_life(sent.path)
    kind = kinds.of(envelope, code, has_news=bool(events))
    if sign is not None and not envelope.pictures and not envelope.broken:
        kind = Kind.HEARTBEAT
    data = event.get("Data") if isinstance(event.get("Data"), dict) else event
    ids = _ids(event, top)
    return Push(
        vendor=NAME,
        kind=kind,
        pictures=roles.pictures(envelope, _roles(events, envelope)),
        event_type=code or sign,
        event_state=trees.first(event, "Action", "action", "EventBaseInfo/Action"),
        camera_id=ids.get("mac") or ids.get("device_id") or ids.get("serial"),
        ids=ids,
        channel=_channel(event, top, code),
        time=next((time for each in (data, event, top) for key in _TIMES if (time := _read(each, key))), None),
        claims=_claims(data, events),
        reply=_REPLY,
        broken=envelope.broken,
        repeats=True,
    )


def _top(envelope: Envelope) -> dict[str, Any] | None:
    """The dictionary that holds the list of events."""
    for document in envelope.documents:
        for tree in trees.dictionaries(document.root)[:1]:
            events = tree.get("Events")
            if isinstance(events, list) and (not events or any(map(_is_listed, trees.dictionaries(events)))):
                return tree
    return None


def _events(envelope: Envelope) -> list[dict[str, Any]]:
    top = _top(envelope)
    if top is not None:
        return trees.dictionaries(top["Events"])
    for document in envelope.documents:
        found = [tree for tree in map(_upper, trees.dictionaries(document.root)) if _is_event(tree)]
        if found:
            return found
        if isinstance(document.root, str) and (written := _LINE.search(document.root[:4096])):
            return [_written(document.root, written)]
    return []


def _is_listed(tree: Mapping[str, Any]) -> bool:
    """True for an event in the list of them, where access panels leave its code out."""
    return _is_event(tree) or isinstance(tree.get("Data"), dict)


def _is_event(tree: Mapping[str, Any]) -> bool:
    base = tree.get("EventBaseInfo")
    return ("Code" in tree and ("Action" in tree or "Data" in tree)) or (isinstance(base, dict) and "Code" in base)


def _upper(tree: dict[str, Any]) -> dict[str, Any]:
    """An event of a line, whose other names begin with a small letter, in the names of JSON."""
    if "Code" not in tree or "action" not in tree:
        return tree
    return {name.capitalize(): tree[name] for name in ("Code", "action", "index", "data") if name in tree}


def _written(line: str, found: re.Match[str]) -> dict[str, Any]:
    event: dict[str, Any] = {"Code": found[1], "Action": found[2]}
    if found[3] is not None:
        event["Index"] = found[3]
    data = _DATA.search(line)
    if data is not None:
        try:
            event["Data"] = json.loads(data[1])
        except (ValueError, RecursionError):
            return event
    return event


def _ids(event: dict[str, Any], top: dict[str, Any]) -> dict[str, str]:
    found = {
        "mac": trees.first(event, "PhysicalAddress", "MAC", "Data/PhysicalAddress")
        or trees.first(top, "PhysicalAddress"),
        "device_id": trees.first(event, "DeviceID", "Data/DeviceID") or trees.first(top, "DeviceID"),
        "serial": trees.first(event, "SN", "Data/SN") or trees.first(top, "SN", "SerialNumber", "SerialNo"),
    }
    return {name: word for name, word in found.items() if word is not None}


def _channel(event: dict[str, Any], top: dict[str, Any], code: str | None) -> str | None:
    """The channel; an index of an alarm input, a door or a disk is none."""
    channel = trees.first(top, "Channel") or trees.first(event, "Channel", "Data/Channel")
    if channel is not None or _NO_CHANNEL.search(code or ""):
        return channel
    return trees.first(event, "Index", "index", "EventBaseInfo/Index")


def _read(tree: object, key: str) -> Any:
    return times.read(trees.at(tree, key))


def _roles(events: list[dict[str, Any]], envelope: Envelope) -> dict[int, str | None]:
    """By the type of each picture's info, which is found by its offset in the part, else by its number."""
    infos = [info for keys, info in trees.walk(events) if keys[-1:] == ("ImageInfo",) and isinstance(info, dict)]
    offsets = {trees.number(info.get("Offset")): info for info in reversed(infos)}
    is_one_part = len({picture.place for picture in envelope.pictures}) == 1
    found: dict[int, str | None] = {}
    for number, picture in enumerate(envelope.pictures):
        in_order = infos[number] if len(infos) == len(envelope.pictures) else None
        info = (offsets.get(picture.offset) if is_one_part else None) or in_order
        kind = trees.number(info.get("Type")) if info else None
        found[number] = None if kind is None else _TYPES.get(int(kind))
    return found


def _claims(data: object, events: list[dict[str, Any]]) -> dict[str, Any]:
    rectangles = [
        claims.corner_list(trees.first(value, "ObjectType", "Category") or "object", value["BoundingBox"])
        for _, value in trees.walk(data)
        if isinstance(value, dict) and isinstance(value.get("BoundingBox"), list)
    ]
    codes = (trees.first(event, "Code", "EventBaseInfo/Code") for event in events[1:])
    return claims.made(
        **claims.named(data, _NAMES),
        rule=trees.first(data, "Name"),
        events=claims.words(codes),
        rectangles=rectangles,
        units="1/8192",
    )
