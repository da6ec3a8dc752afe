from __future__ import annotations

import struct

import pytest

from camera_push.formats import pictures
from camera_push.formats.pictures import Found
from tests.camera_pictures import picture


def found(body: bytes) -> list[Found]:
    return list(pictures.found(body, 0, len(body)))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP"])
def test_a_picture_ends_where_its_lengths_say(form: str) -> None:
    body = picture(form)
    assert found(body + b"\0\0padding") == [Found(0, len(body), None)]
    (cut,) = found(body[:-5])
    assert cut.fault is not None
    assert "cut off" in cut.fault


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_it_is_found_in_the_midst_of_other_bytes(form: str) -> None:
    body = picture(form)
    assert found(b"head" + body + picture()) == [
        Found(4, 4 + len(body), None),
        Found(4 + len(body), 4 + len(body + picture()), None),
    ]


def test_a_bmp_without_its_size_takes_what_follows() -> None:
    body = picture("BMP")
    assert found(body[:2] + b"\0\0\0\0" + body[6:]) == [Found(0, len(body), None)]


@pytest.mark.parametrize("body", [b"BM is a word", b"RIFF" + struct.pack("<I", 4) + b"WAVEfmt ", b"BM"])
def test_words_that_begin_alike_are_no_pictures(body: bytes) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "name"), [(b"GIF89a....", "GIF"), (b"\0\0\0\x18ftypheic....", "HEIC"), (b"II*\0....", "TIFF")]
)
def test_a_picture_of_another_form_is_named(body: bytes, name: str) -> None:
    assert found(body) == [Found(0, len(body), f"the picture is a {name}; send JPEG, PNG, WebP or BMP")]


def test_a_png_of_damaged_chunks_is_broken() -> None:
    body = bytearray(picture("PNG"))
    body[12:16] = b"\0\0\0\0"
    assert [each.fault for each in found(bytes(body))] == ["the PNG is damaged between its chunks"]
