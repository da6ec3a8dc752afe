"""Pictures by their bytes, wherever they stand in others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camera_push.formats import jpeg, rasters

# Pictures that exist, but that no detector here reads; by their first bytes, or those from the fifth.
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
_STARTS = (jpeg.START, rasters.PNG_START, rasters.RIFF_START)


class Found(NamedTuple):
    """A picture's place in a body: its first byte, the byte behind its last, and its fault or None."""

    start: int
    end: int
    fault: str | None


def found(body: bytes, start: int, end: int) -> Iterator[Found]:
    """All pictures between two positions, whole or broken, in their order."""
    position = start
    next_at: dict[bytes, int] = {}
    if rasters.is_bmp(body, start):
        walk = rasters.walk_bmp(body, start, end)
        yield Found(start, walk.end, walk.fault)
        position = walk.resume
    elif foreign := foreign_form(body, start):
        yield Found(start, end, f"the picture is a {foreign}; send JPEG, PNG, WebP or BMP")
        return
    while position < end:
        for begin in _STARTS:
            if next_at.get(begin, position - 1) < position:
                at = body.find(begin, position, end)
                next_at[begin] = end if at < 0 else at
        begin, at = min(next_at.items(), key=lambda item: item[1])
        if at >= end:
            return
        walk_or_none = _walk(body, begin, at, start, end)
        if walk_or_none is None:
            position = at + len(begin)
            continue
        yield Found(at, walk_or_none.end, walk_or_none.fault)
        position = walk_or_none.resume


def begins(body: bytes) -> bool:
    """True where bytes begin like a picture, be it one that is not read."""
    return (
        body.startswith((jpeg.START, rasters.PNG_START))
        or (body.startswith(rasters.RIFF_START) and rasters.is_webp(body, 0))
        or rasters.is_bmp(body, 0)
        or foreign_form(body, 0) is not None
    )


def foreign_form(body: bytes, at: int) -> str | None:
    """The name of the form that a picture has which is not read; None for all other bytes."""
    return next(
        (name for start, name in _FOREIGN.items() if body.startswith(start, at + 4 * start.startswith(b"ftyp"))), None
    )


def _walk(body: bytes, begin: bytes, at: int, start: int, end: int) -> jpeg.Walk | None:
    """The walk of what begins here; None where it only looks so."""
    if begin == jpeg.START:
        return jpeg.walk(body, at, end) if at == start or jpeg.begins(body, at) else None
    if begin == rasters.PNG_START:
        return rasters.walk_png(body, at, end)
    return rasters.walk_webp(body, at, end) if rasters.is_webp(body, at) else None
