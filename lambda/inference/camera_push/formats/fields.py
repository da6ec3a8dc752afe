"""Values of a document that should have been pictures, and are none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from camera_push.documents import Element
from camera_push.formats import text

_WORDS = r"(?:pic|picture|image|img|photo|snapshot|thumbnail|background|jpe?g)"
_CODING = r"(?:data|content|base64|b64|enc|encoded|buffer|raw|bytes|file|body)"
_PICTURE_KEY = re.compile(rf"(?:{_WORDS}(?:_?{_CODING}){{0,4}}|(?:base64|b64)_?{_CODING}?)_?[0-9]{{0,3}}s?$")
_CODED_KEY = re.compile(rf"{_CODING}$")
_PICTURE_ABOVE = re.compile(_WORDS)
_LEAST = 64  # characters: shorter ones are names, states and hashes
_BASE64_SHARE = 0.9  # of the characters of base64 that is damaged, not words
_CUT_RUN = re.compile(r"(?:data:[^,]{0,100},)?\s{0,8}base64:[0-9]")
_SUSPECT = re.compile(rb"base64:[0-9]|/9j|_9j|iVBORw0KGgo|data:image|\\u|[A-Za-z0-9+/=_-]{16}")
_BEGINS = ("/9j/", "_9j_", "iVBORw0KGgo", "data:image/")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=_-]")
_HASH = re.compile(r"[0-9A-Fa-f-]+")


def is_suspect(plain: bytes) -> bool:
    """True where a text may hold such a value, or a character that none may keep; all others need no second look."""
    return _SUSPECT.search(plain) is not None


def checked(root: Any, broken: Callable[[str], str]) -> Any:
    """A document with ``broken``'s answer in the place of each value that should be a picture.

    A value should be one where it begins like one, or where it is long base64 in a field that is named like one.

    Args:
        root: the document's root: an ``Element`` or Python's values.
        broken: takes the name of the field, and returns what stands for it.
    """
    return _checked(root, ("",), broken)


def _checked(value: Any, keys: tuple[str, ...], broken: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        if _should_be_picture(value, keys):
            return broken(keys[0])
        return value if value.isascii() and "\0" not in value else text.printed(value)
    if isinstance(value, dict):
        return {text.printed(key): _checked(inner, (key, *keys[:2]), broken) for key, inner in value.items()}
    if isinstance(value, list):
        return [_checked(inner, keys, broken) for inner in value]
    if isinstance(value, Element):
        inside = (value.tag, *keys[:2])
        kind = str(value.attributes.get("type", ""))
        return Element(
            tag=value.tag,
            attributes=value.attributes,
            text=_checked(value.text, (kind, *inside) if "base64" in kind.lower() else inside, broken),
            children=tuple(_checked(child, inside, broken) for child in value.children),
        )
    return value


def _should_be_picture(value: str, keys: tuple[str, ...]) -> bool:
    if value.startswith(_BEGINS):
        return not value.startswith("data:image/svg")  # an icon of a menu
    is_cut = _CUT_RUN.match(value) is not None
    if len(value) < _LEAST and not is_cut:
        return False
    key, above = keys[0].lower(), "/".join(keys[1:]).lower()
    if not _PICTURE_KEY.search(key) and not (_CODED_KEY.search(key) and _PICTURE_ABOVE.search(above)):
        return False
    if is_cut:
        return True
    strange = len(_NOT_BASE64.findall(value))
    return strange <= len(value) * (1 - _BASE64_SHARE) and "://" not in value and not _HASH.fullmatch(value)
