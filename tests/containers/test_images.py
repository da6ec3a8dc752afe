from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from serving.errors import ClientError, InvalidImageError, PayloadTooLargeError
from serving.image_headers import is_image
from serving.images import decode

LIMIT = 4_000_000


def _encode(extension: str, frame: npt.NDArray[np.uint8], *options: int) -> bytes:
    return cv2.imencode(extension, frame, options)[1].tobytes()


def _frame(height: int = 40, width: int = 60) -> npt.NDArray[np.uint8]:
    ramp = np.linspace(0, 255, height * width * 3, dtype=np.uint8)
    return ramp.reshape(height, width, 3)


def _with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF segment that says how to turn it, and a JPEG thumbnail's end marker inside."""
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, orientation, 0) + b"\x00" * 4
    payload = b"Exif\x00\x00" + tiff + b"\xff\xd8\xff\xd9"
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]


def test_a_png_is_decoded_without_loss() -> None:
    frame = _frame()
    assert np.array_equal(decode(_encode(".png", frame), max_pixels=LIMIT), frame)


@pytest.mark.parametrize(
    "options",
    [
        (),
        (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        (cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    ],
)
def test_every_kind_of_jpeg_is_decoded(options: tuple[int, ...]) -> None:
    frame = np.full((40, 60, 3), (10, 200, 90), np.uint8)
    decoded = decode(_encode(".jpg", frame, *options), max_pixels=LIMIT)
    assert decoded.shape == (40, 60, 3)
    assert np.abs(decoded.astype(int) - frame).max() < 8


@pytest.mark.parametrize("extension", [".png", ".bmp", ".webp"])
def test_formats_without_loss(extension: str) -> None:
    frame = _frame()
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if extension == ".webp" else ()  # over 100 is lossless
    assert np.array_equal(decode(_encode(extension, frame, *options), max_pixels=LIMIT), frame)


def test_lossy_and_extended_webp() -> None:
    lossy = _encode(".webp", _frame(64, 90), cv2.IMWRITE_WEBP_QUALITY, 60)
    assert decode(lossy, max_pixels=LIMIT).shape == (64, 90, 3)
    alpha = np.dstack([_frame(64, 90), np.full((64, 90), 100, np.uint8)])
    assert decode(_encode(".webp", alpha, cv2.IMWRITE_WEBP_QUALITY, 60), max_pixels=LIMIT).shape == (64, 90, 3)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    with io.BytesIO() as file:
        image.save(file, kind, **options)
        return file.getvalue()


RED = Image.new("RGB", (40, 30), (200, 20, 10))


@pytest.mark.parametrize(
    ("body", "bgr"),
    [
        (_saved(RED.convert("CMYK"), "JPEG", quality=95), (10, 20, 200)),
        (_saved(RED.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), (10, 20, 200)),
        (_saved(RED.convert("RGBA"), "PNG"), (10, 20, 200)),
        (_saved(RED.convert("L"), "PNG"), (73, 73, 73)),
        (_saved(RED.convert("LA"), "PNG"), (73, 73, 73)),
        (_saved(Image.new("I;16", (40, 30), 0x8000), "PNG"), (128, 128, 128)),
        (_saved(RED.convert("1", dither=Image.Dither.NONE), "PNG"), (0, 0, 0)),
        (_saved(RED.convert("L"), "JPEG"), (73, 73, 73)),
        (_saved(RED.convert("P", palette=Image.Palette.ADAPTIVE), "BMP"), (10, 20, 200)),
    ],
    ids=["CMYK JPEG", "palette", "alpha", "grey", "grey alpha", "16 bit", "1 bit", "grey JPEG", "palette BMP"],
)
def test_other_kinds_of_pixels(body: bytes, bgr: tuple[int, int, int]) -> None:
    decoded = decode(body, max_pixels=LIMIT)
    assert decoded.shape == (30, 40, 3)
    assert np.abs(decoded.astype(int) - bgr).max() <= 4


def test_grey_becomes_three_channels() -> None:
    assert decode(_encode(".jpg", _frame()[:, :, 0]), max_pixels=LIMIT).shape == (40, 60, 3)


def test_exif_orientation_is_applied() -> None:
    turned = decode(_with_orientation(_encode(".jpg", _frame()), 6), max_pixels=LIMIT)
    assert turned.shape == (60, 40, 3)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".webp"])
@pytest.mark.parametrize("kept", [0.03, 0.3, 0.6, 0.95])
def test_a_truncated_image_is_refused(extension: str, kept: float) -> None:
    body = _encode(extension, _frame(200, 300))
    with pytest.raises(InvalidImageError, match="truncated"):
        decode(body[: int(len(body) * kept)], max_pixels=LIMIT)


def test_a_truncated_jpeg_with_a_whole_thumbnail_is_refused() -> None:
    body = _with_orientation(_encode(".jpg", _frame(200, 300)), 1)
    with pytest.raises(InvalidImageError, match="truncated"):
        decode(body[:-200], max_pixels=LIMIT)


def test_bytes_behind_the_end_do_no_harm() -> None:
    assert decode(_encode(".jpg", _frame()) + b"\x00" * 50, max_pixels=LIMIT).shape == (40, 60, 3)


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IEND\xaeB`\x82"
    with pytest.raises(PayloadTooLargeError, match="60000 x 60000"):
        decode(bomb, max_pixels=LIMIT)


@pytest.mark.parametrize("size", [(1, 1), (15, 300), (1, 20_000)])
def test_a_frame_without_room_for_anything_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidImageError, match="at least 16"):
        decode(_encode(".png", _frame(*size)), max_pixels=LIMIT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"GIF89a" + b"\x00" * 40,
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"BM",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00WEBP",
    ],
)
def test_what_is_no_image_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidImageError):
        decode(body, max_pixels=LIMIT)


def test_is_image_looks_at_the_signature() -> None:
    assert is_image(_encode(".jpg", _frame()))
    assert is_image(_encode(".png", _frame()))
    assert not is_image(b'{"image_bytes": ""}')


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_image_is_decoded_or_refused_and_nothing_else(data: st.DataObject) -> None:
    extension = data.draw(st.sampled_from([".jpg", ".png", ".bmp", ".webp"]))
    body = bytearray(_encode(extension, _frame()))
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    try:
        frame = decode(bytes(body[:cut] if data.draw(st.booleans()) else body), max_pixels=LIMIT)
    except ClientError:
        return
    assert frame.dtype == np.uint8
    assert frame.shape[2] == 3


def test_real_frames_keep_their_size(testdata: Path) -> None:
    body = (testdata / "images" / "reference" / "test_1280x1920x3.jpg").read_bytes()
    assert decode(body, max_pixels=LIMIT).shape == (1280, 1920, 3)
