"""JSON with images in base64, parsed without reading the images letter by letter.

Any letter of a text in JSON might begin an escape, so ``json`` looks at each one. It copies the text twice and holds
Python's lock all the while, so that ``/ping`` waits. Base64 has no escapes, and its decoder refuses other text in a
fraction of that time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pybase64

_SMALLEST_IMAGE = 4096
_LARGEST_REST, _MOST_TEXTS = 65536, 256
"""Most bytes beside the images, and most texts; a larger body is left to ``json``."""

_MISLEADING = (b'\\"', b"\\\\", rb"\u0000", b"\0")
"""Escapes that hide a quote, or may; the escape of a mark; and a byte that UTF-8 JSON never contains."""

_MARK = "\0"


def loads(body: bytes) -> Any:
    """Parse a body like ``json.loads``, and perhaps decode large texts of base64 in it.

    Returns:
        As ``json.loads``, except that an object's values, and members of its lists, may be bytes instead of text
        where they are base64 without escapes of at least 4 KiB.

    Raises:
        ValueError: the body is no JSON.
        RecursionError: the JSON is nested too deeply.
    """
    document = _without_reading_images(body)
    return json.loads(body) if document is None else document


def _without_reading_images(body: bytes) -> dict[str, Any] | None:
    """Parse an object and decode its images; None where there are none, or the whole body must be parsed.

    Where no quote is escaped, each one begins or ends a text. Only base64 is cut out of texts, so the rest is valid
    JSON if the whole is.
    """
    with suppress(ValueError, RecursionError):
        cut = _cut(body)
        if cut is None:
            return None
        rest, images = cut
        document = json.loads(rest)
        if isinstance(document, dict) and _put_back(document, images) == len(images):
            return document
    return None


def _cut(body: bytes) -> tuple[bytes, list[bytes]] | None:
    """Replace images by marks; return the rest and the images, or None where there are none.

    Raises:
        ValueError: a large text is not base64.
    """
    if len(body) < _SMALLEST_IMAGE:
        return None
    whole = memoryview(body)
    pieces, images = [], []
    kept = place = length = texts = 0
    while (opening := body.find(b'"', place)) >= 0:
        closing = body.find(b'"', opening + 1)
        length += opening - place
        if closing - opening > _SMALLEST_IMAGE:
            images.append(pybase64.b64decode(whole[opening + 1 : closing], validate=True))
            pieces.append(body[kept : opening + 1])
            kept = closing
        else:
            length += closing - opening
        texts += 1
        if closing < 0 or length > _LARGEST_REST or texts > _MOST_TEXTS:
            return None
        place = closing + 1
    pieces.append(body[kept:])
    if not images or any(each in piece for piece in pieces for each in _MISLEADING):
        return None
    rest = pieces[0]
    for number, piece in enumerate(pieces[1:]):
        rest += json.dumps(f"{_MARK}{number}")[1:-1].encode() + piece
    return rest, images


def _put_back(document: dict[str, Any], images: Sequence[bytes]) -> int:
    """Replace marks by images and count them: fewer than were cut where a key occurs twice, or is nested deeper."""
    count = 0
    holders: list[Any] = [document, *(value for value in document.values() if isinstance(value, list))]
    for holder in holders:
        for place, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            if isinstance(value, str) and value.startswith(_MARK):
                holder[place] = images[int(value[len(_MARK) :])]
                count += 1
    return count
