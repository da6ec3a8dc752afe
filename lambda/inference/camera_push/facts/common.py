"""Facts by the names that people give them in templates, forms and queries: camera, trigger, time, plate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Sent

_MOST_NAMES = 256
_MOST_DICTIONARIES = 16
_TYPES = (
    "eventtype", "trigger", "event", "eventname", "alarmtype", "alarm", "alert", "type", "detection", "label",
    "labelname", "objecttype", "object", "reason", "rule", "topic", "code", "action", "message", "msg",
)  # fmt: skip
_STATES = ("eventstate", "alarmstate", "eventaction", "state", "phase", "status")
_NAMES = (
    "camera", "cameraname", "cam", "camname", "monitor", "monitorname", "devicename", "device", "sensor", "hostname",
    "name",
)  # fmt: skip
_IDS = {
    "mac": ("mac", "macaddress", "macaddr", "cameramac", "devicemac"),
    "device_id": ("deviceid", "cameraid", "camid", "monitorid", "uid", "uuid"),
    "serial": ("serial", "serialnumber", "serialno", "sn"),
    "ip": ("ip", "ipaddress", "ipaddr", "cameraip", "deviceip"),
    "event_id": ("eventid", "alertid", "alarmid"),
}
_CHANNELS = ("channel", "channelid", "channelno", "channelname", "chn", "ch")
_TIMES = (
    "time", "timestamp", "eventtime", "datetime", "alarmtime", "capturetime", "capturetimestamp", "snaptime",
    "starttime", "createdat", "created", "utctime", "utc", "date", "ts",
)  # fmt: skip
_CLAIMS = {
    "plate": ("plate", "platenumber", "platetext", "platenum", "licenseplate", "licenseplatenumber", "plateno"),
    "confidence": ("confidence", "score", "probability", "plateconfidence"),
    "label": ("label", "objecttype", "object", "class", "labelname"),
    "count": ("count", "personcount", "peoplecount", "persons", "people"),
    "direction": ("direction",),
    "zone": ("zone", "zonename", "area", "region"),
}


def words(sent: Sent, envelope: Envelope) -> dict[str, Any]:
    """Values by their plain names: of JSON, pairs, forms and the query; of one name the first counts.

    A name within another one is known alone and behind it: ``{"camera": {"name": ..}}`` as ``name`` and ``cameraname``.
    """
    found: dict[str, Any] = {}
    for document in envelope.documents:
        if document.kind == "text":
            if document.name:
                found.setdefault(kinds.plain(document.name[:64]), document.root)
            continue
        for tree in trees.dictionaries(trees.of(document.root))[:1]:
            for name, value in _names(tree):
                found.setdefault(name, value)
    for name, value in list(sent.query.items())[:_MOST_NAMES]:
        found.setdefault(kinds.plain(name[:64]), value)
    return found


def _names(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names of the outer dictionary, then of those in it, each also behind the name of its own dictionary."""
    waiting = [("", tree)]
    for outer, inner in waiting:
        for key, value in list(inner.items())[:_MOST_NAMES]:
            name = str(key)[:64]
            yield kinds.plain(outer + name), value
            if outer:
                yield kinds.plain(name), value
            if len(waiting) < _MOST_DICTIONARIES:
                waiting.extend((name, each) for each in trees.dictionaries(value)[:1])


def first(found: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The word under the first of some plain names that has one."""
    return next((word for name in names if (word := trees.word(found.get(name))) is not None), None)


def push(vendor: str, sent: Sent, envelope: Envelope) -> Push:
    """The push of software or of a device that no vendor's rules fit."""
    found = words(sent, envelope)
    event_type, name = first(found, _TYPES) or kinds.sign_of_life(sent.path), first(found, _NAMES)
    ids = {key: word for key, names in _IDS.items() if (word := first(found, names)) is not None}
    if name is not None:
        ids["name"] = name
    facts: dict[str, Any] = {claim: claims.value_of(first(found, names), claim) for claim, names in _CLAIMS.items()}
    made = claims.made(**facts)
    kind = kinds.of(envelope, event_type, has_news="plate" in made)
    if kinds.sign_of_life(sent.path) and not envelope.pictures and not envelope.broken:
        kind = Kind.HEARTBEAT
    return Push(
        vendor=vendor,
        kind=kind,
        pictures=roles.pictures(envelope, roles.scenes(envelope.pictures)),
        event_type=event_type,
        event_state=first(found, _STATES),
        camera_id=name or next((ids[key] for key in ("device_id", "mac", "serial") if key in ids), None),
        ids=ids,
        channel=first(found, _CHANNELS),
        time=next((time for key in _TIMES if (time := times.read(found.get(key))) is not None), None),
        claims=made,
        broken=envelope.broken,
    )
