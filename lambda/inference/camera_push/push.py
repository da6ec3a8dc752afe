"""The values that the reader takes and gives: a request as it was sent, and what a camera said with it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Sent:
    """A request of a camera.

    Attributes:
        method: ``POST``, ``PUT`` or ``GET``.
        path: the path behind the door, such as ``/NotificationInfo/KeepAlive``; empty at the door itself.
        query: the query parameters, without a credential.
        headers: the headers, their names in lower case, without a credential.
        body: the body, as the camera sent it.
    """

    method: str
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Kind(enum.Enum):
    """The meaning of a push."""

    HEARTBEAT = "heartbeat"
    """A sign of life, or an alarm that tells of nothing."""
    TEST = "test"
    """The test button of a camera's menu."""
    EVENT = "event"
    """Pictures, or an alarm with or without them."""


@dataclass(frozen=True)
class Picture:
    """A whole picture.

    Attributes:
        body: JPEG, PNG, WebP or BMP, without what stood behind its end.
        role: ``background`` for the whole scene, ``crop`` for a face or plate cut out of it, ``object`` for a body or
            vehicle cut out.
        name: the vendor's name of it, where there is one.
    """

    body: bytes
    role: str = "background"
    name: str | None = None


@dataclass(frozen=True)
class DeviceTime:
    """The time by the camera's clock.

    Attributes:
        raw: as the camera wrote it.
        zone: ``offset`` with one or ``Z``, ``epoch`` for seconds and their parts since 1970, ``none`` for a local time,
            ``unclear`` for a zone by a number whose meaning no one published.
        utc: the same time in UTC; None where the zone is not known.
    """

    raw: str
    zone: str
    utc: datetime | None = None


@dataclass(frozen=True)
class Reply:
    """The body of the 200 that a device expects; most take an empty one."""

    content_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True)
class Push:
    """A camera's words and pictures. Everything but the pictures is a claim: it proves nothing.

    Attributes:
        vendor: by which rules it was read: ``hikvision``, ``dahua`` and so on; ``generic`` where none fits.
        kind: its meaning.
        pictures: whole pictures, in the order in which they were sent.
        event_type: the vendor's word for the event.
        event_state: the vendor's word for its state, such as ``active``.
        camera_id: the name by which the vendor's devices tell themselves apart; None where they do not.
        ids: all names: some of ``mac``, ``device_id``, ``serial``, ``ip``, ``name``, ``reference``, ``event_id``.
        channel: of a recorder or a camera with several lenses.
        time: by the camera's clock.
        claims: what the camera itself found: ``plate``, ``rectangles`` (each ``{"label", "x", "y", "width", "height"}``
            in the vendor's own units) and other words, fit for JSON.
        reply: the answer that the device expects.
        broken: for each picture that is broken, its fault in words; it is in none of the pictures.
        repeats: true where the vendor's devices send again for ever until they get a 200.
    """

    vendor: str = "generic"
    kind: Kind = Kind.EVENT
    pictures: tuple[Picture, ...] = ()
    event_type: str | None = None
    event_state: str | None = None
    camera_id: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None
    time: DeviceTime | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    reply: Reply = field(default_factory=Reply)
    broken: tuple[str, ...] = ()
    repeats: bool = False


class UnreadableError(Exception):
    """A push that cannot be read at all, or must not be: the message says what to change."""
