"""The chunks of a PNG, looked at before a decoder is trusted with them.

OpenCV 4.11 makes room for as many bytes as any chunk claims to have, gigabytes in a small file, and ends the process
when an animation is broken (github.com/opencv/opencv/issues/27744). Structure: the PNG specification, third edition,
section 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from serving.errors import InvalidImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = b"\x00\x00\x00\rIHDR"
_END = b"IEND"
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_BESIDE_DATA = 12  # bytes of a chunk: its length, its name, and a checksum behind the data
_MOST = 65536
"""Chunks at most. Encoders put 8 KiB and more into one; a file of empty ones would take seconds."""


def size(png: bytes) -> tuple[int, int]:
    """Width and height, of a PNG whose chunks are all there.

    Raises:
        InvalidImageError: cut off, of too many chunks, or not with one header, at the start.
    """
    headers = sum(name == _HEADER[4:] for name, _ in _chunks(png))
    if headers != 1 or png[len(SIGNATURE) : len(SIGNATURE) + len(_HEADER)] != _HEADER:
        raise InvalidImageError("the PNG is corrupt: it does not start with its only header; check the encoder")
    width, height = struct.unpack_from(">II", png, len(SIGNATURE) + len(_HEADER))
    return width, height


def still(png: bytes) -> bytes:
    """The picture that a viewer shows who knows no animation, and nothing behind its end, where OpenCV reads on."""
    chunks = list(_chunks(png))
    kept = [where for name, where in chunks if name not in _ANIMATION]
    if len(kept) == len(chunks) and kept[-1].stop == len(png):
        return png
    return b"".join([SIGNATURE, *(png[where] for where in kept)])


def _chunks(png: bytes) -> Iterator[tuple[bytes, slice]]:
    """Name and place of each chunk, to the end of the picture; what comes behind it is not looked at."""
    position = len(SIGNATURE)
    for _ in range(_MOST):
        if position + _BESIDE_DATA > len(png):
            break
        length, name = struct.unpack_from(">I4s", png, position)
        start, position = position, position + _BESIDE_DATA + length
        if position > len(png):
            break
        yield name, slice(start, position)
        if name == _END:
            return
    else:
        raise InvalidImageError(f"the PNG has more than {_MOST} chunks; use fewer and larger ones")
    raise InvalidImageError(
        "the PNG is truncated: a chunk does not end, or its end chunk is missing; send the whole file"
    )
