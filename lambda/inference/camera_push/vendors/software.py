"""Recorders and scripts: Blue Iris, motionEye, ZoneMinder, Frigate, Home Assistant, Agent DVR, curl and others.

Their users write the bodies, so facts are read by their common names. Frigate's events have a shape of their own.
Sources: Blue Iris' manual (web request action); motioneyeos#2622; Frigate's documentation (``frigate/events``).
"""

from __future__ import annotations

from dataclasses import replace

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, common
from camera_push.push import Push, Sent

NAME = "software"
_AGENTS = (
    "curl", "wget", "blueiris", "blue iris", "motion", "zoneminder", "homeassistant", "home assistant", "prusa",
    "frigate", "agent", "ispy", "shinobi", "scrypted", "synology", "milestone", "python", "aiohttp", "httpx", "axios",
    "node", "okhttp", "go-http-client", "postman", "java", "apache-httpclient", "guzzle", "powershell",
)  # fmt: skip


def is_client(sent: Sent) -> bool:
    """True where the client names itself as one of these."""
    return sent.headers.get("user-agent", "").lower().startswith(_AGENTS)


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By the name of the client, or by the shape of Frigate's events."""
    return is_client(sent) or _frigate(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:
    """The facts by common names, or those of Frigate's event."""
    found = common.push(NAME, sent, envelope)
    event = _frigate(envelope)
    if event is None:
        return found
    camera, event_id = trees.first(event, "after/camera"), trees.first(event, "after/id")
    score = trees.number(trees.at(event, "after/top_score"))
    return replace(
        found,
        event_type=trees.first(event, "after/label"),
        event_state=trees.first(event, "type"),
        camera_id=camera,
        ids={key: word for key, word in {"name": camera, "event_id": event_id}.items() if word},
        time=times.read(trees.at(event, "after/frame_time")) or times.read(trees.at(event, "after/start_time")),
        claims=claims.made(
            confidence=score if score is not None else trees.number(trees.at(event, "after/score")),
            zones=claims.words(_list(trees.at(event, "after/current_zones"))),
            rectangles=[claims.corner_list(trees.at(event, "after/label"), trees.at(event, "after/box"))],
            units="pixel",
        ),
    )


def _frigate(envelope: Envelope) -> object:
    roots = (document.root for document in envelope.documents if document.kind == "json")
    return next(
        (root for root in roots if trees.first(root, "after/camera") and trees.first(root, "after/label")), None
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
