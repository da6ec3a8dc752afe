"""Bytes to a frame.

The header is read first, so that a frame too large to decode, or one that was cut off on its way, is
refused before any pixel is decoded. Structure of the formats: ITU-T T.81 annex B (JPEG markers) and
the PNG specification, third edition, section 5 (chunks).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from serving.errors import InvalidImageError, PayloadTooLargeError

Frame = npt.NDArray[np.uint8]
"""A decoded frame: (height, width, 3) uint8, channels in the order blue, green, red."""

JPEG_SIGNATURE = b"\xff\xd8\xff"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MIN_SIDE = 16
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = b"\xff\xd9"
# Start-of-frame markers carry the size; C4, C8 and CC in that range mean something else.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: TEM, RST0-RST7, SOI.
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True)
class _Header:
    width: int
    height: int


def is_image(body: bytes) -> bool:
    """Whether the first bytes are those of a format that :func:`decode` takes."""
    return body.startswith((JPEG_SIGNATURE, PNG_SIGNATURE))


def decode(body: bytes, *, max_pixels: int) -> Frame:
    """Decodes a JPEG or PNG image, with its EXIF orientation applied.

    Returns:
        The frame as displayed, (height, width, 3) uint8 BGR. Grey becomes three equal channels, an
        alpha channel is dropped, 16 bits become 8.

    Raises:
        InvalidImageError: not an image, cut off, corrupt, or with a side under 16 pixels.
        PayloadTooLargeError: more than ``max_pixels`` pixels.
    """
    header = _read_header(body)
    if header.width * header.height > max_pixels:
        raise PayloadTooLargeError(
            f"the frame has {header.width} x {header.height} pixels; send at most {max_pixels} pixels"
        )
    if min(header.width, header.height) < _MIN_SIDE:
        raise InvalidImageError(
            f"the frame has {header.width} x {header.height} pixels; both sides must have at least {_MIN_SIDE}"
        )
    try:
        frame = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        frame = None
    if frame is None:
        raise InvalidImageError("the image is corrupt and cannot be decoded; send it again or check the encoder")
    return frame.astype(np.uint8, copy=False)


def _read_header(body: bytes) -> _Header:
    if not body:
        raise InvalidImageError("the image is empty; send the bytes of a JPEG or PNG image")
    if body.startswith(JPEG_SIGNATURE):
        return _read_jpeg_header(body)
    if body.startswith(PNG_SIGNATURE):
        return _read_png_header(body)
    raise InvalidImageError("the bytes are not a JPEG or PNG image; send one of these formats")


def _read_jpeg_header(body: bytes) -> _Header:
    """Walks the segments up to the first scan, then looks for the end marker behind it.

    A thumbnail inside an EXIF segment is passed over with its segment, and inside a scan 0xFF is
    always followed by 0x00 or a restart marker, so the end marker found is that of the image itself.
    """
    size: _Header | None = None
    position = 2
    while position + 4 <= len(body):
        if body[position] != 0xFF:
            raise InvalidImageError("the JPEG is corrupt: a marker is missing; send it again or check the encoder")
        marker = body[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        if marker == _START_OF_SCAN:
            if size is None:
                raise InvalidImageError("the JPEG is corrupt: it has no frame header; check the encoder")
            if body.rfind(_END_OF_IMAGE, position) < 0:
                raise InvalidImageError("the JPEG is truncated: its end marker is missing; send the whole file")
            return size
        (length,) = struct.unpack_from(">H", body, position + 2)
        if marker in _START_OF_FRAME and position + 9 <= len(body):
            height, width = struct.unpack_from(">HH", body, position + 5)
            size = _Header(width, height)
        position += 2 + max(length, 2)
    raise InvalidImageError("the JPEG is truncated: it ends inside its header; send the whole file")


def _read_png_header(body: bytes) -> _Header:
    if len(body) < 33:
        raise InvalidImageError("the PNG is truncated: it ends inside its header; send the whole file")
    width, height = struct.unpack_from(">II", body, 16)
    if body.rfind(b"IEND", 33) < 0:
        raise InvalidImageError("the PNG is truncated: its end chunk is missing; send the whole file")
    return _Header(width, height)
