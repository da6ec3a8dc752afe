"""A JPEG's end, by a walk from marker to marker (ITU-T T.81, annex B).

A thumbnail in Exif lies inside a segment, which the walk steps over by its length: it is no picture of its own. The
further pictures of a Multi-Picture file (CIPA DC-007) show the same scene, so they are stepped over, too: an MPO is one
picture, its first.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

START = b"\xff\xd8\xff"
# After an entropy-coded segment: frames and tables, a new picture, the end, scans, APPn and comments. FF00 is a byte of
# the data, FFD0 to FFD7 restart it, and all other codes are reserved: a damaged byte, which decoders skip.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xef\xfe]")
_FILL = re.compile(rb"\xff+")
_SOI, _EOI, _SOS, _APP2 = 0xD8, 0xD9, 0xDA, 0xE2
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Codes of the frame headers."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_NUMBER_OF_IMAGES, _MP_ENTRIES, _MP_IMAGES = 0xB001, 16, 16
_SEGMENTS = 4096  # one scan of a progressive JPEG takes some, a colour profile of 16 MB 255


class Walk(NamedTuple):
    """The outcome of a walk.

    Attributes:
        end: behind the last byte of the picture.
        resume: where the search for other pictures goes on; it is never before what the walk has looked at.
        fault: the reason why the picture is broken, in words; None for a whole one.
    """

    end: int
    resume: int
    fault: str | None = None


def walk(body: bytes, start: int, end: int) -> Walk:
    """Walk a JPEG from its SOI at ``start`` to its EOI, at most to ``end``."""
    picture, followers = _one(body, start, end)
    resume = picture.resume
    while picture.fault is None and followers > 0:
        following = body.find(START, resume, end)
        if following < 0 or body[resume:following].strip(b"\0"):
            break
        resume = _one(body, following, end)[0].resume
        followers -= 1
    return picture._replace(resume=resume)


def _one(body: bytes, start: int, end: int) -> tuple[Walk, int]:
    """The walk of one JPEG, and how many more its Multi-Picture index announces."""
    position, followers = start + 2, 0
    has_frame = has_scan = False
    for _ in range(_SEGMENTS):
        if position + 2 > end:
            return _truncated(end), 0
        fill = _FILL.match(body, position, end)
        if fill is None:
            return Walk(position, max(position, start + len(START)), "the JPEG is damaged between its segments"), 0
        position = fill.end() + 1  # behind the marker's code, which no FF is
        if position > end:
            return _truncated(end), 0
        code = body[position - 1]
        if code == _EOI:
            fault = None if has_frame and has_scan else "the JPEG ends before it shows anything"
            return Walk(position, position, fault), followers
        if code == _SOI:
            return Walk(position - 2, position - 2, "the JPEG is cut off, and another picture follows it"), 0
        if code in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(body[position : position + 2])
        if code == 0 or (length < 2 and position + 2 <= end):
            return Walk(position, position, "the JPEG is damaged between its segments"), 0
        if position + length > end:
            return _truncated(end), 0
        if code == _APP2:
            followers = max(followers, _followers(body[position + 2 : position + length]))
        has_frame = has_frame or code in FRAMES
        position += length
        if code == _SOS:
            has_scan = True
            marker = _MARKER.search(body, position, end)
            if marker is None:
                return _truncated(end), 0
            position = marker.start()
    return Walk(position, position, f"the JPEG has more than {_SEGMENTS} segments"), 0


def _truncated(end: int) -> Walk:
    return Walk(end, end, "the JPEG is cut off: it has no end (FF D9)")


def _followers(segment: bytes) -> int:
    """The pictures after the first one, by the tag NumberOfImages of a Multi-Picture index (CIPA DC-007, 5.2.3)."""
    if not segment.startswith(b"MPF\0"):
        return 0
    tiff = segment[4:]
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"
    table = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[table : table + 2], order)
    for number in range(min(entries, _MP_ENTRIES)):
        at = table + 2 + 12 * number
        if int.from_bytes(tiff[at : at + 2], order) == _NUMBER_OF_IMAGES:
            return min(int.from_bytes(tiff[at + 8 : at + 12], order), _MP_IMAGES) - 1
    return 0
