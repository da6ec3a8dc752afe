"""Headers of BMPs, of Windows' kinds and of OS/2's."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from ipc_ai_serving.decoding.image_headers import Size, read_size
from ipc_ai_serving.errors import InvalidImageError, PayloadTooLargeError
from ipc_ai_serving.images import decode

LIMIT = 100_000
FRAME = np.linspace(0, 255, 20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)


def _bmp(header: int, *, width: int = 30, height: int = 20, palette: int = 0, rows: bytes | None = None) -> bytes:
    """A BMP of the frame, upside down unless the height is negative, with a header of so many bytes."""
    depth = palette.bit_length() - 1 if palette else 24
    if rows is None:
        rows = b"".join(row.tobytes() + b"\x00\x00" for row in (FRAME if height < 0 else FRAME[::-1]))
    if header == 12:
        fields = struct.pack("<IHHHH", header, width, height, 1, depth)
    else:
        fields = struct.pack("<IiiHHIIiiII", header, width, height, 1, depth, 0, len(rows), 0, 0, 0, 0)
        fields = fields.ljust(header, b"\x00")[: max(header, 16)]
    colours = b"".join(bytes([number, 0, 0, 0][: 3 if header == 12 else 4]) for number in range(palette))
    start = 14 + len(fields) + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + fields + colours + rows


@pytest.mark.parametrize("header", [12, 40, 52, 56, 64, 108, 124])
def test_every_kind_of_header(header: int) -> None:
    body = _bmp(header)
    assert read_size(body) == Size(30, 20)
    assert np.array_equal(decode(body, max_pixels=LIMIT), FRAME)


@pytest.mark.parametrize("header", [40, 64, 108, 124])
def test_rows_from_the_top(header: int) -> None:
    assert np.array_equal(decode(_bmp(header, height=-20), max_pixels=LIMIT), FRAME)


@pytest.mark.parametrize("header", [12, 40, 64])
@pytest.mark.parametrize("palette", [2, 16, 256])
def test_palettes_have_three_bytes_a_colour_in_os2(header: int, palette: int) -> None:
    depth = palette.bit_length() - 1
    body = _bmp(header, palette=palette, rows=b"\xff" * ((30 * depth + 31) // 32 * 4 * 20))
    assert decode(body, max_pixels=LIMIT)[7, 9].tolist() == [palette - 1, 0, 0]


def test_the_sides_of_an_os2_bmp_have_no_sign() -> None:
    assert read_size(_bmp(12, width=16, height=40_000, rows=bytes(48 * 40_000))) == Size(16, 40_000)
    with pytest.raises(PayloadTooLargeError, match="65535 x 20 pixels"):
        decode(_bmp(12, width=65_535, rows=bytes(196_608 * 20)), max_pixels=LIMIT)


@pytest.mark.parametrize("header", [12, 40, 64, 124])
def test_a_bmp_that_is_cut_off_is_refused(header: int) -> None:
    body = _bmp(header)
    for kept in (20, 33, 100, len(body) - 3):
        with pytest.raises(InvalidImageError, match="truncated"):
            decode(body[:kept], max_pixels=LIMIT)


@pytest.mark.parametrize("header", [0, 11, 16, 35])
def test_a_header_that_no_decoder_knows_is_named(header: int) -> None:
    body = _bmp(header)
    assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR) is None
    with pytest.raises(InvalidImageError, match=f"unknown kind of header, of {header} bytes"):
        decode(body, max_pixels=LIMIT)
