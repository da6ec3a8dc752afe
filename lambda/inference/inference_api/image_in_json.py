"""JSON that is all but an image in base64, without reading the image letter by letter.

Any letter of a text in JSON might begin an escape, so ``json`` looks at each. Base64 has no escapes, and its decoder
refuses whatever is not base64 in a fraction of that time.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pybase64

_BEGIN_OF_TEXT = re.compile(r'[ \t\n\r]*:[ \t\n\r]*"')
_MARKS = ("0", "1")
_LARGEST_REST = 65536
"""Letters beside the image that are read twice; a body with more is read once, as a whole."""


def loads(body: str, key: str) -> Any:
    """What ``json.loads`` makes of a body; an image in it may be decoded already.

    Args:
        body: the JSON.
        key: the image's key in the object that it should be. Its value is bytes instead of text where it is base64
            without escapes; anything else there is as ``json`` has it.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    document = _without_reading_the_image(body, key)
    return json.loads(body) if document is None else document


def _without_reading_the_image(body: str, key: str) -> dict[str, Any] | None:
    """The object with the image decoded; None where only all of the body tells what it is.

    The rest is read with one mark in the image's place and with another. A value that follows the mark was put there,
    whatever else the body has: the key twice, in an inner object or within a text. What was in its place is base64, so
    the text ended where it seems to.
    """
    name = f'"{key}"'
    with suppress(ValueError, RecursionError):
        opening = _BEGIN_OF_TEXT.match(body, body.index(name) + len(name))
        if opening is None:
            return None
        begin = opening.end()
        end = body.index('"', begin)
        if len(body) - (end - begin) > _LARGEST_REST:
            return None
        image = pybase64.b64decode(body[begin:end], validate=True)
        document: dict[str, Any] = {}
        for mark in _MARKS:
            document = json.loads(f"{body[:begin]}{mark}{body[end:]}")
            if not isinstance(document, dict) or document.get(key) != mark:
                return None
        return document | {key: image}
    return None
