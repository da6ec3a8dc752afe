"""JSON of cameras: any shape, within bounds, and with the faults that templates and firmware put into it."""

from __future__ import annotations

import json
import re
from typing import Any

from camera_push.formats import limits
from camera_push.push import UnreadableError

# `strict=False`: line breaks in strings, as users' templates have them. NaN is no JSON, and fits no table.
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
_GOOD_ESCAPE = re.compile(r"\\[\"\\/bfnrtu]|(\\)")
_COMMA_BEFORE_END = re.compile(r",(?=\s*[}\]])")


class NotJson:
    """The answer for a text that is no JSON, whose values may be None."""


def parsed(text: str) -> Any:
    """Parse an object or a list, and ignore what follows it.

    Returns:
        its value; ``NotJson`` for a text that is none.

    Raises:
        UnreadableError: it has more values, or deeper ones, than ``limits`` allows.
    """
    text = text.lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        return NotJson
    if text.count(",") + text.count("{") + text.count("[") > limits.VALUES:
        raise UnreadableError(f"the JSON has more than {limits.VALUES:,} values; send the event alone")
    try:
        try:
            return _bounded(_DECODER.raw_decode(text)[0])
        except ValueError:
            mended = _GOOD_ESCAPE.sub(lambda found: r"\\" if found[1] else found[0], text)
            return _bounded(_DECODER.raw_decode(_COMMA_BEFORE_END.sub("", mended))[0])
    except ValueError:
        return NotJson
    except RecursionError as error:
        raise _too_deep() from error


def _bounded(root: Any) -> Any:
    """The same value, which no one has to walk deeper than ``limits.DEPTH``."""
    level = [root]
    for _ in range(limits.DEPTH):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return root
    raise _too_deep()


def _too_deep() -> UnreadableError:
    return UnreadableError(
        f"the JSON has more than {limits.DEPTH} objects or lists in one another; send the event alone"
    )
