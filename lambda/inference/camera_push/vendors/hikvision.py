"""Hikvision and its OEMs (Annke, LTS, HiLook, Safire, ABUS and others): EventNotificationAlert as XML or JSON.

Sources: ISAPI guide 4.3.2.2, 5.1.2 and 5.1.4.2; hikvision_next; ioBroker.hikvision-alarmserver; alarmserver#47.
``heartBeat`` comes as ``active`` though nothing happened, ``videoloss`` and ``inactive`` is the older heartbeat. Names
of parts and pictures differ by model and may repeat, so a picture's Content-ID and its place in the text count first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from camera_push import times, trees
from camera_push.documents import Document, Element
from camera_push.envelope import Envelope, FoundPicture
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Sent
from camera_push.vendors import software

NAME = "hikvision"
_ROOT = "EventNotificationAlert"
_MOST_ALERTS = 16
_BESIDE = {"eventState", "dateTime", "channelID", "macAddress", "ipAddress", "activePostCount", "AccessControllerEvent"}
_PICTURE = re.compile(
    r"Picture(\.jpg)?|(license|plate|vehicle|detection|face|background|pilot|human|feature)\w*(Picture|Image)(_\d+)?(\.jpg)?"
    r"|\w*(detection|intrusion|Entrance|Exiting|loitering|baggage|parking|crossing|Capture|Snap)\w*(Image|Picture)?"
)
_NAMES = {
    "licensePlate": "plate",
    "confidenceLevel": "confidence",
    "plateType": "plate_type",
    "plateColor": "plate_color",
    "vehicleType": "vehicle_type",
    "vehicleListName": "list",
    "direction": "direction",
    "line": "line",
    "country": "country",
    "detectionTarget": "target",
    "regionID": "region",
    "age": "age",
    "ageGroup": "age_group",
    "gender": "gender",
    "glass": "glasses",
    "glasses": "glasses",
    "mask": "mask",
    "hat": "hat",
    "smile": "smile",
    "similarity": "similarity",
    "enter": "entered",
    "exit": "exited",
    "pass": "passed",
    "currTemperature": "temperature",
    "majorEventType": "major_event_type",
    "subEventType": "sub_event_type",
    "eventDescription": "description",
}
_ADDRESSES = {
    "imageUrl",
    "bkgUrl",
    "faceUrl",
    "URL",
    "pictureURL",
    "imageURL",
    "backgroundImageUrl",
    "picUrl",
    "faceURL",
}


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By an alert, a picture's name without one, or an empty multipart body: no other vendor keeps alive with one."""
    if any(_holds_alert(document) for document in envelope.documents):
        return True
    if sent.headers.get("user-agent") and software.is_client(sent):
        return False
    if envelope.is_empty:
        return "multipart" in sent.headers.get("content-type", "").lower()
    has_words = any(document.root for document in envelope.documents)
    return not has_words and any(_PICTURE.fullmatch(picture.part_name or "") for picture in envelope.pictures)


def _holds_alert(document: Document) -> bool:
    if document.kind == "xml":
        return next(_elements(document.root), None) is not None
    roots = trees.dictionaries(document.root) if document.kind == "json" else []
    return any(_ROOT in root or _is_alert(root) for root in roots)


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The facts of the first alert that is no heartbeat; of several the other types are claims."""
    alerts = list(_alerts(envelope))
    alert = next((each for each in alerts if not _is_idle(each)), alerts[0] if alerts else {})
    event_type, state = trees.first(alert, "eventType"), trees.first(alert, "eventState")
    ids = {
        "mac": trees.first(alert, "macAddress"),
        "ip": trees.first(alert, "ipAddress"),
        "device_id": trees.first(alert, "deviceID", "deviceId"),
        "serial": trees.first(alert, "deviceSerial", "deviceSerialNo", "serialNumber"),
    }
    kind = kinds.of(envelope, event_type)
    if _is_idle(alert) and not envelope.pictures and not envelope.broken:
        kind = Kind.HEARTBEAT
    return Push(
        vendor=NAME,
        kind=kind,
        pictures=roles.pictures(envelope, _roles(envelope, alerts)),
        event_type=event_type,
        event_state=state,
        camera_id=ids["mac"] or ids["device_id"] or ids["serial"],
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(alert, "channelID", "dynChannelID", "channelId", "channel"),
        time=times.read(trees.at(alert, "dateTime")),
        claims=_claims(alert, alerts),
        broken=envelope.broken,
        repeats=True,
    )


def _alerts(envelope: Envelope) -> Iterator[dict[str, Any]]:
    for document in envelope.documents:
        if document.kind == "xml":
            for element in _elements(document.root):
                yield from trees.dictionaries(trees.of(element)) or [{}]
        elif document.kind == "json":
            for tree in trees.dictionaries(document.root)[:_MOST_ALERTS]:
                inner = trees.dictionaries(tree.get(_ROOT))[:_MOST_ALERTS]
                yield from inner or ([tree] if _is_alert(tree) else [])


def _elements(root: Element) -> Iterator[Element]:
    """The root, else the alerts below it."""
    return iter([root]) if root.tag == _ROOT else islice(root.every(_ROOT), _MOST_ALERTS)


def _is_alert(tree: dict[str, Any]) -> bool:
    return "eventType" in tree and any(key in tree for key in _BESIDE)


def _is_idle(alert: dict[str, Any]) -> bool:
    """True for both forms of the heartbeat."""
    event_type, state = (trees.first(alert, name) or "" for name in ("eventType", "eventState"))
    return event_type.lower() == "heartbeat" or (event_type.lower(), state.lower()) == ("videoloss", "inactive")


def _claims(alert: dict[str, Any], alerts: list[dict[str, Any]]) -> dict[str, Any]:
    rectangles = claims.sized(alert)
    target = trees.first(alert, "DetectionRegionList/DetectionRegionEntry/detectionTarget")
    for each in rectangles:
        if each["label"] in {"Target", "target"} and target:
            each["label"] = target
        elif each["label"] == "vehicel":  # their own misspelling
            each["label"] = "vehicle"
    return claims.made(
        **claims.named(alert, _NAMES),
        events=claims.words(each.get("eventType") for each in alerts if each is not alert),
        picture_urls=claims.words(_addresses(alert)),
        rectangles=rectangles,
        units=claims.common_units(rectangles),
    )


def _addresses(alert: dict[str, Any]) -> Iterator[str]:
    """Addresses in place of pictures, without their query and user, which may hold a credential."""
    for keys, value in trees.walk(alert):
        if keys and keys[-1] in _ADDRESSES and (word := trees.word(value)) is not None:
            try:
                address = urlsplit(word)
                yield f"{address.scheme}://{address.hostname}{address.path}" if address.hostname else address.path
            except ValueError:
                continue


def _roles(envelope: Envelope, alerts: list[dict[str, Any]]) -> dict[int, str | None]:
    if not envelope.pictures:
        return {}
    held = roles.by_key(alerts, envelope, {"faces": roles.CROP, "targetAttrs": roles.BACKGROUND})
    places = {word: keys for keys, value in trees.walk(alerts) if keys and (word := trees.word(value)) is not None}
    tells_by_part = _is_told_apart(picture.part_name for picture in envelope.pictures)
    tells_by_file = _is_told_apart(picture.filename for picture in envelope.pictures)
    return {
        number: held.get(number)
        or roles.by_name(picture.content_id)
        or _by_place(picture, places)
        or (roles.by_name(picture.filename) if tells_by_file else None)
        or (roles.by_name(picture.part_name) if tells_by_part else None)
        for number, picture in enumerate(envelope.pictures)
    }


def _is_told_apart(names: Iterable[str | None]) -> bool:
    """False where several pictures have one name, be it that they share a part: it then tells of none of them."""
    found = list(names)
    return len(found) < 2 or len(set(found)) > 1


def _by_place(picture: FoundPicture, places: dict[str, tuple[str, ...]]) -> str | None:
    """The role by the keys that lead to a picture's Content-ID or part's name: ``Human/contentID1`` and so on."""
    for name in (picture.content_id, picture.part_name):
        keys = places.get(name or "")
        if keys is None or not re.match("contentid|pid", keys[-1].lower()):
            continue
        if keys[-1].endswith("2") or "targetAttrs" in keys:
            return roles.BACKGROUND
        role = roles.by_name(keys[-2]) if len(keys) > 1 else None
        if role is not None:
            return role
    return None
