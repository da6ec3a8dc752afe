"""The ends of PNG, WebP and BMP, by the lengths that they carry."""

from __future__ import annotations

from camera_push.formats.jpeg import Walk

PNG_START = b"\x89PNG\r\n\x1a\n"
RIFF_START = b"RIFF"
BMP_START = b"BM"
_IHDR, _IDAT, _IEND = b"IHDR", b"IDAT", b"IEND"
_PNG_AROUND = 12  # length, type and CRC of a chunk
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})  # sizes of the information headers that exist
_BMP_FILE_HEADER = 14


def walk_png(body: bytes, start: int, end: int) -> Walk:
    """Walk a PNG from chunk to chunk to its IEND (W3C PNG, section 5.3)."""
    position = start + len(PNG_START)
    has_data = False
    while position + _PNG_AROUND <= end:
        length, kind = int.from_bytes(body[position : position + 4]), body[position + 4 : position + 8]
        if not kind.isalpha() or (kind != _IHDR and position == start + len(PNG_START)):
            return Walk(position, position, "the PNG is damaged between its chunks")
        position += length + _PNG_AROUND
        has_data = has_data or kind == _IDAT
        if kind == _IEND and position <= end:
            return Walk(position, position, None if has_data else "the PNG ends before it shows anything")
    return Walk(end, end, "the PNG is cut off: it has no end (IEND)")


def is_webp(body: bytes, at: int) -> bool:
    """True where a RIFF file is a WebP, and not sound or video."""
    return body.startswith(RIFF_START, at) and body.startswith(b"WEBPVP8", at + 8)


def walk_webp(body: bytes, start: int, end: int) -> Walk:
    """The end of a WebP by the size in its RIFF header (RFC 9649, 2.4)."""
    stop = start + 8 + int.from_bytes(body[start + 4 : start + 8], "little")
    if stop <= start + 20:
        return Walk(start + 12, start + 12, "the WebP ends before it shows anything")
    return Walk(stop, stop) if stop <= end else Walk(end, end, "the WebP is cut off")


def is_bmp(body: bytes, at: int) -> bool:
    """True for a BMP by its whole header; two letters alone begin many texts."""
    size = int.from_bytes(body[at + 14 : at + 18], "little")
    first_pixel = int.from_bytes(body[at + 10 : at + 14], "little")
    return body.startswith(BMP_START, at) and size in _BMP_HEADERS and first_pixel >= _BMP_FILE_HEADER + size


def walk_bmp(body: bytes, start: int, end: int) -> Walk:
    """The end of a BMP by the size in its header; some writers leave 0 there, which means all that follows."""
    size = int.from_bytes(body[start + 2 : start + 6], "little")
    first_pixel = int.from_bytes(body[start + 10 : start + 14], "little")
    stop = start + size if size > first_pixel else end
    if stop > end or start + first_pixel >= end:
        return Walk(end, end, "the BMP is cut off")
    return Walk(stop, stop)
