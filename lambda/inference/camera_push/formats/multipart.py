"""Parts of a multipart body (RFC 2046, 5.1), as firmware writes them.

The header's boundary makes the delimiter, else the body's first line that begins with two dashes. It counts wherever
the end of a line follows it. Dashes behind it end nothing, as some devices end every part like the last one. The
lengths that parts give are not believed. At most one end of a line belongs to the delimiter behind a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from camera_push.formats import limits
from camera_push.push import UnreadableError

Delimiter = re.Pattern[bytes]

_BEFORE_DELIMITER = re.compile(rb"[\s\0]*")
_DASHED_LINE = re.compile(rb"(?:^|[\r\n])(--[^\s]{1,200})[ \t]*(?=[\r\n]|$)")
_PREAMBLE_BYTES = 64 * 1024
_LINE_BYTES = 256
_SURE = 8  # bytes of a delimiter that stands for itself within a line, too
_END_OF_LINE = rb"(?P<closing>--)?[ \t]*(?:\r\n|\n\r|\n|\r|\Z)"
_SURELY_FULL = 4096  # bytes that no one fills with blanks
_LINE_ENDS = (b"\r\n", b"\n\r", b"\n", b"\r")


def delimiter(body: bytes, start: int, end: int, boundary: str | None, *, is_declared: bool) -> Delimiter | None:
    """The delimiter of the parts in a body; None where it has no parts.

    Args:
        body: the bytes.
        start: the first one of the body.
        end: the byte behind its last.
        boundary: the header's; None without one.
        is_declared: true where the type says that parts follow: a preamble may then stand before them.
    """
    declared = (boundary or "").strip().encode("utf-8", "replace")
    candidates = [_pattern(b"--" + declared), _pattern(declared, is_sure=False)] if declared else []
    for candidate in candidates:
        if candidate.search(body, start, end):
            return candidate
    first = _BEFORE_DELIMITER.match(body, start, end)
    position = first.end() if first else start
    if body.startswith(b"--", position):
        line = _DASHED_LINE.match(body[position : min(end, position + _LINE_BYTES)])
    elif is_declared:
        line = _DASHED_LINE.search(body, start, min(end, start + _PREAMBLE_BYTES))
    else:
        line = None
    return _pattern(line[1]) if line else None


class Part(NamedTuple):
    """A part.

    Attributes:
        start: the first byte of its headers.
        end: the byte behind its content.
        is_between: false for what stands before the first delimiter or behind the last: words for people, as a rule.
    """

    start: int
    end: int
    is_between: bool


def parts(body: bytes, start: int, end: int, delimiting: Delimiter) -> Iterator[Part]:
    """The parts of a body, but those of nothing.

    Raises:
        UnreadableError: there are more than ``limits.PARTS``.
    """
    position, is_between = start, False
    for count, found in enumerate(delimiting.finditer(body, start, end)):
        if count >= limits.PARTS:
            raise UnreadableError(f"the body has more than {limits.PARTS} parts; send fewer pictures in one request")
        yield from _part(body, position, found.start(), is_between)
        position, is_between = found.end(), found["closing"] is None
    yield from _part(body, position, end, is_between)


def _part(body: bytes, start: int, end: int, is_between: bool) -> Iterator[Part]:
    end -= next((len(line_end) for line_end in _LINE_ENDS if body.endswith(line_end, start, end)), 0)
    if end > start and (end - start > _SURELY_FULL or body[start:end].strip(b" \t\r\n\0")):
        yield Part(start, end, is_between)


def _pattern(delimiting: bytes, *, is_sure: bool = True) -> Delimiter:
    """A delimiter and the end of its line; one that data may hold, as it is short, only at the beginning of a line."""
    at = b"" if is_sure and len(delimiting) >= _SURE else rb"(?:(?<=[\r\n])|\A)"
    return re.compile(at + re.escape(delimiting) + _END_OF_LINE)
