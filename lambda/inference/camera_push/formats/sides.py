"""Width and height of pictures, by their headers."""

from __future__ import annotations

import struct

from camera_push.formats import jpeg, rasters

_SEGMENTS = 64  # before the frame header; a camera writes ten
_BMP_CORE = 12  # size of the oldest information header, whose sides have 16 bits


def of(body: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where the headers do not tell them."""
    try:
        if body.startswith(rasters.PNG_START):
            width, height = struct.unpack_from(">II", body, 16)
        elif rasters.is_webp(body, 0):
            return _webp(body)
        elif rasters.is_bmp(body, 0):
            width, height = struct.unpack_from("<ii" if body[14] != _BMP_CORE else "<hh", body, 18)
        else:
            return _jpeg(body)
    except (struct.error, IndexError):
        return None
    return width, abs(height)  # a BMP that is written from above has a negative height


def _webp(body: bytes) -> tuple[int, int] | None:
    """RFC 9649, 2.5 to 2.7: lossy, lossless and extended files."""
    if body.startswith(b"VP8 ", 12):
        width, height = struct.unpack_from("<HH", body, 26)
        return width & 0x3FFF, height & 0x3FFF
    if body.startswith(b"VP8L", 12):
        (bits,) = struct.unpack_from("<I", body, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if body.startswith(b"VP8X", 12):
        return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
    return None


def _jpeg(body: bytes) -> tuple[int, int] | None:
    """The frame header (ITU-T T.81, B.2.2): its length, the precision, then the number of lines and their length."""
    position = 2
    for _ in range(_SEGMENTS):
        while body[position + 1] == 0xFF:  # fill bytes
            position += 1
        code, length = body[position + 1], int.from_bytes(body[position + 2 : position + 4])
        if code in jpeg.FRAMES:
            height, width = struct.unpack_from(">HH", body, position + 5)
            return width, height
        if body[position] != 0xFF or length < 2:
            return None
        position += 2 + length
    return None
