"""Pictures by their bytes, wherever they stand in others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from camera_push.formats import jpeg, rasters

# Pictures that exist, but that no detector here reads; by their first bytes, or by those from the fifth.
_FOREIGN = {
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"ftypheic": "HEIC",
    b"ftypheix": "HEIC",
    b"ftypmif1": "HEIF",
    b"ftypavif": "AVIF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
}
# In the midst of other bytes a JPEG's first marker is one that encoders write first, and RIFF may be sound or video.
_STARTS = {
    re.compile(rb"\xff\xd8\xff+[\xc0-\xc2\xc4\xdb\xdd\xe0-\xef\xfe]"): jpeg.walk,
    re.compile(rb"\x89PNG\r\n\x1a\n"): rasters.walk_png,
    re.compile(rb"RIFF(?s:.{4})WEBPVP8"): rasters.walk_webp,
}


class Found(NamedTuple):
    """A picture's place in a body: its first byte, the byte behind its last, and its fault or None."""

    start: int
    end: int
    fault: str | None


def found(body: bytes, start: int, end: int) -> Iterator[Found]:
    """All pictures between two positions, whole or broken, in their order."""
    position = start
    if foreign := foreign_form(body, start):
        yield Found(start, end, f"the picture is a {foreign}; send JPEG, PNG, WebP or BMP")
        return
    if walk := _walk_first(body, start, end):
        yield Found(start, walk.end, walk.fault)
        position = walk.resume
    next_at = dict.fromkeys(_STARTS, -1)
    while position < end:
        for begin, at in next_at.items():
            if at < position:
                match = begin.search(body, position, end)
                next_at[begin] = match.start() if match else end
        begin, at = min(next_at.items(), key=lambda item: item[1])
        if at >= end:
            return
        walk = _STARTS[begin](body, at, end)
        yield Found(at, walk.end, walk.fault)
        position = walk.resume


def begins(body: bytes) -> bool:
    """True where bytes begin like a picture, be it one that is not read."""
    return (
        body.startswith((jpeg.START, rasters.PNG_START))
        or rasters.is_webp(body, 0)
        or rasters.is_bmp(body, 0)
        or foreign_form(body, 0) is not None
    )


def foreign_form(body: bytes, at: int) -> str | None:
    """The name of the form of a picture that is not read; None for all other bytes."""
    for start, name in _FOREIGN.items():
        if body.startswith(start, at + 4 if start.startswith(b"ftyp") else at):
            return name
    return None


def _walk_first(body: bytes, start: int, end: int) -> jpeg.Walk | None:
    """The walk of what counts as a picture only in the first place: a BMP, and a JPEG with a strange first marker."""
    if rasters.is_bmp(body, start):
        return rasters.walk_bmp(body, start, end)
    return jpeg.walk(body, start, end) if body.startswith(jpeg.START, start) else None
