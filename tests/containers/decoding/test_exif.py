"""Orientation wherever programs write it; a frame that is not turned would have its boxes elsewhere, silently."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from ipc_ai_serving.decoding import exif, png_chunks
from ipc_ai_serving.images import decode

LIMIT = 100_000
PREFIX = b"Exif\x00\x00"
BIG, LITTLE = b"MM\x00*\x00\x00\x00\x08", b"II*\x00\x08\x00\x00\x00"
XMP = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
FLIR = b"FLIR\x00\x01\x00\x02" + bytes(range(64)) * 4


def _tiff(orientation: int) -> bytes:
    return BIG + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def _saved(kind: str, **options: Any) -> bytes:
    """Four quarters, each of another colour."""
    picture = Image.new("RGB", (64, 48), (20, 20, 20))
    for corner, colour in {(0, 0): (220, 30, 30), (32, 0): (30, 220, 30), (0, 24): (30, 30, 220)}.items():
        picture.paste(colour, (*corner, corner[0] + 32, corner[1] + 24))
    with io.BytesIO() as file:
        picture.save(file, kind, **options)
        return file.getvalue()


def _displayed(orientation: int) -> Any:
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(_saved("PNG", exif=tags)))))[:, :, ::-1].astype(int)


def _assert_turned(body: bytes, orientation: int) -> None:
    decoded, expected = decode(body, max_pixels=LIMIT), _displayed(orientation)
    assert decoded.shape == expected.shape
    height, width = expected.shape[:2]
    quarters = np.s_[height // 4 :: height // 2, width // 4 :: width // 2]  # their middles: codecs blur borders
    assert np.abs(decoded[quarters] - expected[quarters]).max() < 12


def _app1(content: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_with(*chunks: bytes, behind: bool = False) -> bytes:
    """The picture with chunks before its data, or behind them."""
    plain = _saved("PNG")
    at = plain.index(b"IEND" if behind else b"IDAT") - 4
    return plain[:at] + b"".join(chunks) + plain[at:]


def _profile(name: bytes, content: bytes) -> bytes:
    """A profile in hexadecimal digits, 36 bytes a line, as ImageMagick writes it."""
    digits = content.hex().encode()
    lines = [digits[start : start + 72] for start in range(0, len(digits), 72)]
    return b"\n".join([b"", name, b"%8d" % len(content), *lines, b""])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("before", [[XMP], [FLIR], [XMP, FLIR, XMP], [b""], [PREFIX]], ids=str)
def test_exif_of_a_jpeg_behind_other_segments_of_its_kind(before: list[bytes], orientation: int) -> None:
    plain = _saved("JPEG", quality=95)
    segments = b"".join(_app1(content) for content in [*before, PREFIX + _tiff(orientation)])
    _assert_turned(plain[:2] + segments + plain[2:], orientation)
    _assert_turned(plain[:20] + segments + plain[20:], orientation)  # behind JFIF's own segment


def test_the_first_orientation_counts() -> None:
    plain = _saved("JPEG", quality=95)
    both = _app1(PREFIX + _tiff(6)) + _app1(PREFIX + _tiff(3))
    _assert_turned(plain[:2] + both + plain[2:], 6)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("prefix", [b"", PREFIX, b"EXIF\x00\x00", PREFIX * 2])
def test_exif_of_a_png_in_its_own_chunk(prefix: bytes, behind: bool) -> None:
    _assert_turned(_png_with(_chunk(b"eXIf", prefix + _tiff(6)), behind=behind), 6)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("name", [b"exif", b"APP1", b"app1"])
@pytest.mark.parametrize("prefix", [b"", PREFIX])
def test_exif_of_a_png_in_texts(name: bytes, prefix: bytes, behind: bool) -> None:
    keyword, text = b"Raw profile type " + name, _profile(name.lower(), prefix + _tiff(8) + bytes(3000))
    for chunk in (
        _chunk(b"tEXt", keyword + b"\x00" + text),
        _chunk(b"zTXt", keyword + b"\x00\x00" + zlib.compress(text)),
        _chunk(b"iTXt", keyword + b"\x00\x00\x00en\x00\x00" + text),
        _chunk(b"iTXt", keyword + b"\x00\x01\x00\x00\x00" + zlib.compress(text)),
    ):
        _assert_turned(_png_with(chunk, behind=behind), 8)


@pytest.mark.parametrize("keyword", [b"Raw profile type APP1", b"Raw profile type exif"])
@pytest.mark.parametrize("title", [b"generic profile", b"EXIF data 2", b"exif"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_the_name_in_a_profile_is_a_line_of_one_or_more_words(keyword: bytes, title: bytes, newline: bytes) -> None:
    """ExifTool writes "generic profile"."""
    text = _profile(title, PREFIX + _tiff(6) + bytes(300)).replace(b"\n", newline)
    for chunk in (
        _chunk(b"tEXt", keyword + b"\x00" + text),
        _chunk(b"zTXt", keyword + b"\x00\x00" + zlib.compress(text)),
        _chunk(b"iTXt", keyword + b"\x00\x00\x00\x00\x00" + text),
        _chunk(b"iTXt", keyword + b"\x00\x01\x00\x00\x00" + zlib.compress(text)),
    ):
        _assert_turned(_png_with(chunk), 6)


@pytest.mark.parametrize("title", [b"exif", b"generic profile"])
def test_a_profile_in_one_line(title: bytes) -> None:
    assert exif.from_raw_profile(b"%s 14 %s" % (title, _tiff(6).hex().encode())) == _tiff(6)


def test_a_profile_of_xmp_does_not_hide_that_of_exif() -> None:
    keyword = b"Raw profile type APP1\x00\x00"
    xmp, tiff = (keyword + zlib.compress(_profile(b"app1", content)) for content in (XMP, PREFIX + _tiff(5)))
    _assert_turned(_png_with(_chunk(b"zTXt", xmp), _chunk(b"zTXt", tiff)), 5)


def test_the_own_chunk_of_a_png_comes_before_its_texts() -> None:
    text = _chunk(b"tEXt", b"Raw profile type exif\x00" + _profile(b"exif", _tiff(3)))
    _assert_turned(_png_with(text, _chunk(b"eXIf", _tiff(6))), 6)


@pytest.mark.parametrize(
    "chunk",
    [
        _chunk(b"tEXt", b"Raw profile type exif\x00"),
        _chunk(b"tEXt", b"Raw profile type exif"),
        _chunk(b"tEXt", b"Raw profile type exif\x00\nexif\n  4\nno hexadecimal digits"),
        _chunk(b"zTXt", b"Raw profile type exif\x00\x00no zlib"),
        _chunk(b"zTXt", b"Raw profile type exif\x00"),
        _chunk(b"iTXt", b"Raw profile type exif\x00\x01"),
        _chunk(b"tEXt", b"Comment\x00" + _profile(b"exif", _tiff(6))),
        _chunk(b"eXIf", b""),
        _chunk(b"eXIf", PREFIX),
        _chunk(b"eXIf", _tiff(9)),
    ],
)
def test_texts_without_an_orientation_turn_nothing(chunk: bytes) -> None:
    _assert_turned(_png_with(chunk), 1)


def test_a_profile_may_have_half_a_digit_too_many() -> None:
    text = _profile(b"exif", _tiff(6)) + b"f"
    _assert_turned(_png_with(_chunk(b"tEXt", b"Raw profile type exif\x00" + text)), 6)


def test_profiles_cost_little_however_much_they_inflate_to() -> None:
    bomb = b"Raw profile type exif\x00\x00" + zlib.compress(b"\nexif\n 9\n" + b"00" * 20_000_000)
    found = list(png_chunks.exif_blocks(_png_with(*[_chunk(b"zTXt", bomb)] * 50)))
    assert len(found) <= 4
    assert max(map(len, found)) < 200_000


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_tiff(7), 7),
        (PREFIX + _tiff(7), 7),
        (LITTLE + struct.pack("<HHHIHH", 1, 0x0112, 3, 1, 6, 0), 6),
        (LITTLE + struct.pack("<HHHII", 1, 0x0112, 4, 1, 6), 6),
        (BIG + struct.pack(">HHHII", 1, 0x0112, 4, 1, 6), 6),
        (BIG + struct.pack(">HHHII", 2, 0x010F, 2, 4, 0x41424300) + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0), 6),
        (BIG + struct.pack(">HHHII", 1, 0x010F, 2, 4, 0x41424300), None),
        (_tiff(9), 9),
        (XMP, None),
        (b"", None),
        (PREFIX, None),
        (b"MM\x00*\xff\xff\xff\xff", None),
        (BIG + b"\xff\xff" + b"\x00" * 500, None),
    ],
)
def test_orientation(content: bytes, expected: int | None) -> None:
    assert exif.orientation(content) == expected
    assert exif.known(expected) == (expected if expected in range(1, 9) else 1)
