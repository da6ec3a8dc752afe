"""Opened pushes for tests of vendors: no bytes, only what the containers would have found in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from camera_push import vendors
from camera_push.documents import Document, Element, Form
from camera_push.envelope import Envelope, FoundPicture
from camera_push.push import Push, Sent

LARGE, SMALL = b"\xff\xd8\xff large picture \xff\xd9", b"\xff\xd8\xff small \xff\xd9"


def xml(text: str) -> Element:
    """The element of a text without namespaces' prefixes."""
    return _element(ElementTree.fromstring(text))


def _element(found: ElementTree.Element) -> Element:
    return Element(
        found.tag.rpartition("}")[2],
        {name.rpartition("}")[2]: value for name, value in found.attrib.items()},
        (found.text or "").strip(),
        tuple(map(_element, found)),
    )


def document(root: Any, name: str | None = None, kind: Form | None = None) -> Document:
    """A document whose kind its root tells."""
    told: Form = "xml" if isinstance(root, Element) else "text" if isinstance(root, str) else "json"
    return Document(kind or told, name, root)


def envelope(*roots: Any, pictures: Sequence[FoundPicture | bytes] = (), broken: Sequence[str] = ()) -> Envelope:
    """An envelope of roots or documents, and of pictures or their bytes."""
    return Envelope(
        tuple(root if isinstance(root, Document) else document(root) for root in roots),
        tuple(FoundPicture(each) if isinstance(each, bytes) else each for each in pictures),
        tuple(broken),
    )


def read(
    *roots: Any,
    pictures: Sequence[FoundPicture | bytes] = (),
    broken: Sequence[str] = (),
    path: str = "",
    method: str = "POST",
    agent: str | None = None,
    query: dict[str, str] | None = None,
    content_type: str = "",
) -> Push:
    """The push that the vendors make of an envelope."""
    headers = {"content-type": content_type} | ({} if agent is None else {"user-agent": agent})
    sent = Sent(method, path, query or {}, headers)
    return vendors.recognise(sent, envelope(*roots, pictures=pictures, broken=broken))


def roles(push: Push) -> list[str]:
    """The roles of a push's pictures."""
    return [picture.role for picture in push.pictures]


def time(push: Push) -> tuple[str, str, str | None] | None:
    """The device's time as text, zone and UTC to the second."""
    if push.time is None:
        return None
    utc = push.time.utc
    return push.time.raw, push.time.zone, None if utc is None else re.sub(r"\+00:00$", "Z", utc.isoformat())
