"""The meaning of a push, of the words that all vendors use alike."""

from __future__ import annotations

import re

from camera_push import trees
from camera_push.envelope import Envelope
from camera_push.push import Kind

_SIGNS_OF_LIFE = frozenset({"heartbeat", "keepalive", "alive", "ping", "hello"})
_TESTS = frozenset({"test", "testevent", "testalarm", "testmessage", "testnotification", "httptest"})


def plain(name: str) -> str:
    """A name in lower case, without all that is no letter or digit: ``event_type`` and ``EventType`` are one."""
    return re.sub(r"[\W_]", "", name.lower())


def of(envelope: Envelope, event_type: str | None, *, has_news: bool = False) -> Kind:
    """An event where there is a picture, a fault of one or a word for what happened; else a sign of life.

    Args:
        envelope: the push.
        event_type: the vendor's word for the event.
        has_news: true where the push tells more without a word for it, such as a plate.
    """
    if envelope.pictures or envelope.broken:
        return Kind.EVENT
    word = plain(event_type or "")
    if word in _SIGNS_OF_LIFE:
        return Kind.HEARTBEAT
    if word in _TESTS:
        return Kind.TEST
    return Kind.EVENT if event_type or has_news else Kind.HEARTBEAT


def sign_of_life(path: str) -> str | None:
    """The last name of a path that calls for a sign of life, such as ``KeepAlive``; None for all others."""
    name = trees.word(path.rstrip("/").rpartition("/")[2], longest=64)
    return name if plain(name or "") in _SIGNS_OF_LIFE else None
