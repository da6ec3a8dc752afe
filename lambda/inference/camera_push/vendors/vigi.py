"""TP-Link VIGI: JSON alone or in a part ``event``, beside a picture whose part is named by the time.

Source: TP-Link FAQ 4911; a Home Assistant integration's contract of its webhook.
"""

from __future__ import annotations

from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Push, Sent

NAME = "vigi"


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """By its list of events."""
    return _tree(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The facts of the first event; the types of all are claims."""
    tree = _tree(envelope) or {}
    events = trees.dictionaries(tree.get("event_list"))
    types = claims.words(word for event in events for word in _types(event))
    ids = {"mac": trees.first(tree, "mac"), "ip": trees.first(tree, "ip"), "name": trees.first(tree, "device_name")}
    return Push(
        vendor=NAME,
        kind=kinds.of(envelope, types[0] if types else None),
        pictures=roles.pictures(envelope, roles.scenes(envelope.pictures)),
        event_type=types[0] if types else None,
        camera_id=ids["mac"],
        ids={name: word for name, word in ids.items() if word is not None},
        channel=trees.first(events, "channel", "channel_id") or trees.first(tree, "channel", "channel_id"),
        time=next((time for event in events if (time := times.read(event.get("dateTime")))), None),
        claims=claims.made(events=types[1:]),
        broken=envelope.broken,
    )


def _tree(envelope: Envelope) -> dict[str, Any] | None:
    roots = (document.root for document in envelope.documents if document.kind == "json")
    return next((root for root in roots if isinstance(root, dict) and isinstance(root.get("event_list"), list)), None)


def _types(event: dict[str, Any]) -> list[object]:
    types = event.get("event_type")
    return types if isinstance(types, list) else [types]
