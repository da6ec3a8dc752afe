"""Texts of ``key=value``: lines, forms (``a=1&b=2``) and Dahua's ``Code=VideoMotion;action=Start;index=0``."""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

from camera_push.formats import json_documents, limits
from camera_push.push import UnreadableError

_LINE = re.compile(r"[\w.:\[\]%+ -]{1,200}=")
_ZONE = re.compile(r"(?<=\d)\+(?=\d\d:?\d\d)")  # of a time that a template put into a form as it is
_KEY_BYTES = 256
_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]{1,6})\]")
_DEEPEST_KEY = 16


def parsed(text: str, *, is_form: bool) -> dict[str, Any] | None:
    """Parse pairs, nested as their keys say.

    ``Events[0].Code=X`` becomes ``{"Events": [{"Code": "X"}]}``: a list holds the numbers that were sent, in their
    order, without gaps. A key that does not fit those before it stays as it is written. Of a repeated key the first
    counts. A value of JSON is parsed.

    Args:
        text: the text.
        is_form: true where the camera says that it is a form, so that ``%`` and ``+`` are written for others.

    Returns:
        None for a text that is none.

    Raises:
        UnreadableError: it has more pairs than ``limits`` allows.
    """
    pairs = _split(text, is_form=is_form)
    if not pairs:
        return None
    tree: dict[str | int, Any] = {}
    for key, value in pairs:
        document = json_documents.parsed(value)
        _put(tree, key, value if document is json_documents.NotJson else document)
    return {str(key): _listed(value) for key, value in tree.items()}


def begins(body: bytes, start: int, end: int) -> bool:
    """True where the first word is a key."""
    return _LINE.match(body[start : min(end, start + _KEY_BYTES)].decode("latin-1")) is not None


def _split(text: str, *, is_form: bool) -> list[tuple[str, str]]:
    if not _LINE.match(text.lstrip()):
        return []
    if text.count("=") > limits.ELEMENTS or text.count("\n") > limits.ELEMENTS:
        raise UnreadableError(f"the text has more than {limits.ELEMENTS:,} pairs; send the event alone")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not all(_LINE.match(line) for line in lines):
        return []
    if len(lines) == 1 and (is_form or "&" in lines[0]):
        form = _ZONE.sub("%2B", lines[0])
        return urllib.parse.parse_qsl(form, keep_blank_values=True, errors="replace")
    if len(lines) == 1 and ";" in lines[0]:
        before, brace, behind = lines[0].partition("{")
        words = before.split(";")
        words[-1] += brace + behind
        lines = [word for word in words if "=" in word]
    return [(key.strip(), value.strip()) for key, _, value in (line.partition("=") for line in lines)]


def _put(tree: dict[str | int, Any], key: str, value: Any) -> None:
    steps: list[str | int] = [found[1] if found[1] is not None else int(found[2]) for found in _STEP.finditer(key)]
    inner = tree
    for step in steps[:-1][:_DEEPEST_KEY]:
        inner = inner.setdefault(step, _Branch())
        if not isinstance(inner, _Branch):
            tree.setdefault(key, value)
            return
    inner.setdefault(steps[-1] if steps else key, value)


class _Branch(dict[str | int, Any]):
    """A level of keys, apart from an object of JSON that is a value."""


def _listed(value: Any) -> Any:
    """A level as a list where all its keys are numbers, else as a dictionary."""
    if not isinstance(value, _Branch):
        return value
    if all(isinstance(key, int) for key in value):
        return [_listed(value[key]) for key in sorted(value)]
    return {str(key): _listed(inner) for key, inner in value.items()}
