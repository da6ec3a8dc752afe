"""Segments of a JPEG that an encoder wrote in order."""

from __future__ import annotations

import struct


def split_segments(jpeg: bytes) -> tuple[list[bytes], bytes]:
    """The segments between the start and the scan, and the scan with all that follows."""
    found, position = [], 2
    while jpeg[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", jpeg, position + 2)
        found.append(jpeg[position : position + 2 + length])
        position += 2 + length
    return found, jpeg[position:]
