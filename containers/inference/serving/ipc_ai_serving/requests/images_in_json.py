"""JSON with images in base64, without reading the images letter by letter.

Any letter of a text in JSON might begin an escape, so ``json`` looks at each, and makes two copies of the text on its
way, all of it with Python's lock held, while ``/ping`` waits. Base64 has no escapes, and its decoder refuses whatever
is not base64 in a fraction of that time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pybase64

_SMALLEST_IMAGE = 4096
_LARGEST_REST, _MOST_TEXTS = 65536, 256
"""Bytes beside the images, and texts, that are looked through here; a body with more is left to ``json``."""

_MISLEADING = (b'\\"', b"\\\\", rb"\u0000", b"\0")
"""An escape that hides a quote, or may; one that is a mark's; and what is in JSON of another encoding, or in none."""

_MARK = "\0"


def loads(body: bytes) -> Any:
    """What ``json.loads`` makes of a body; large texts of base64 in it may be decoded already.

    Returns:
        In an object, values and members of lists that are texts of at least 4 KiB are bytes instead where they are
        base64 without escapes; everything else is as ``json`` has it.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    document = _without_reading_images(body)
    return json.loads(body) if document is None else document


def _without_reading_images(body: bytes) -> dict[str, Any] | None:
    """The object with its images decoded; None where there is none, or only all of the body tells what it is.

    Where no quote has an escape, each begins a text or ends one. What is cut out of a text is base64, so the rest
    is valid where the whole is.
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
    """The body with marks in place of images, and the images; None where there is none.

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
    """Puts images in place of marks; returns how many, which are fewer where a key is there twice, or further in."""
    count = 0
    holders: list[Any] = [document, *(value for value in document.values() if isinstance(value, list))]
    for holder in holders:
        for place, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            if isinstance(value, str) and value.startswith(_MARK):
                holder[place] = images[int(value[len(_MARK) :])]
                count += 1
    return count
