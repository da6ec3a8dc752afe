"""UniFi Protect's Alarm Manager: JSON ``alarm`` with its triggers, the thumbnail as a data URI where it is switched on.

Sources: a webhook receiver's notes on Protect 6 and 7; castbell's client. Its test sends ``testEventId``.
"""

from __future__ import annotations

from typing import Any

from camera_push import times, trees
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import Kind, Push, Sent

NAME = "unifi"
_BLOCKS = ("triggers", "sources", "conditions", "eventPath")


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """By an alarm with one of its blocks."""
    return _tree(envelope) is not None


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The facts of the first trigger; of several the other keys and cameras are claims."""
    tree = _tree(envelope) or {}
    alarm = tree.get("alarm")
    triggers = trees.dictionaries(trees.at(alarm, "triggers"))
    event_type = trees.first(triggers, "key") or trees.first(alarm, "conditions/condition/source")
    mac, event_id = trees.first(triggers, "device"), trees.first(triggers, "eventId")
    ids = {"mac": mac or trees.first(alarm, "sources/device"), "event_id": event_id}
    kind = kinds.of(envelope, event_type)
    if event_id == "testEventId" and kind is Kind.EVENT and not envelope.pictures and not envelope.broken:
        kind = Kind.TEST
    return Push(
        vendor=NAME,
        kind=kind,
        pictures=roles.pictures(envelope, dict.fromkeys(range(len(envelope.pictures)), roles.BACKGROUND)),
        event_type=event_type,
        camera_id=ids["mac"],
        ids={name: word for name, word in ids.items() if word is not None},
        time=times.read(trees.at(triggers, "timestamp")) or times.read(tree.get("timestamp")),
        claims=claims.made(
            alarm=trees.first(alarm, "name"),
            plate=_plate(triggers),
            events=claims.words(trigger.get("key") for trigger in triggers[1:]),
            devices=claims.words(trigger.get("device") for trigger in triggers[1:]),
        ),
        broken=envelope.broken,
    )


def _tree(envelope: Envelope) -> dict[str, Any] | None:
    roots = (root for document in envelope.documents if isinstance(root := document.root, dict))
    return next(
        (root for root in roots if any(trees.at(root, f"alarm/{block}") is not None for block in _BLOCKS)), None
    )


def _plate(triggers: list[dict[str, Any]]) -> str | None:
    """The text of a plate, which stands as the trigger's value or as its group's name."""
    plates = [trigger for trigger in triggers if "plate" in kinds.plain(trees.first(trigger, "key") or "")]
    return trees.first(plates, "value", "group/name")
