"""Width and height of pictures."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from camera_push.formats import sides
from tests.camera_pictures import picture, with_segment


def _made(form: str, mode: str = "RGB", **options: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, (300, 17)).save(written, form, **options)
    return written.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        _made("JPEG"),
        _made("JPEG", progressive=True),
        _made("JPEG", "L"),
        with_segment(with_segment(_made("JPEG"), 0xE1, b"x" * 60_000), 0xFE, b"\xff\xc0"),
        _made("JPEG").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),
        _made("PNG"),
        _made("WEBP"),
        _made("WEBP", lossless=True),
        _made("WEBP", "RGBA", exif=b"Exif"),
        _made("BMP"),
    ],
)
def test_the_sides_of_a_picture(body: bytes) -> None:
    assert sides.of(body) == (300, 17)


def test_a_bmp_from_above_and_the_oldest_header() -> None:
    above = bytearray(_made("BMP"))
    above[22:26] = (-17).to_bytes(4, "little", signed=True)
    assert sides.of(bytes(above)) == (300, 17)
    old = bytearray(_made("BMP"))
    old[14:18], old[18:22] = (12).to_bytes(4, "little"), (300).to_bytes(2, "little") + (17).to_bytes(2, "little")
    assert sides.of(bytes(old)) == (300, 17)


def test_damaged_headers_tell_nothing_or_anything_and_raise_nothing() -> None:
    chance = random.Random(5)
    for form in ("JPEG", "PNG", "WEBP", "BMP"):
        whole = picture(form)
        for end in range(3, min(len(whole), 700)):
            body = bytearray(whole[:end])
            body[chance.randrange(2, end)] = chance.choice([0, 0xFF, chance.randrange(256)])
            sides.of(bytes(body))
    assert sides.of(b"\xff\xd8\xff" + b"\xff" * 9) is None
