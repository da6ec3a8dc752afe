"""PNGs that OpenCV must not see: it would end the process, or take gigabytes."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ipc_ai_serving.decoding import png_chunks
from ipc_ai_serving.decoding.png_chunks import SIGNATURE, size, still
from ipc_ai_serving.errors import ClientError, InvalidImageError
from ipc_ai_serving.images import decode
from ipc_ai_serving.scheduling import traffic

LIMIT = 100_000
FIRST, SECOND = Image.new("RGB", (40, 30), "red"), Image.new("RGB", (40, 30), "blue")
HEADER = struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + _chunk(b"IEND")


def _saved(first: Image.Image, *others: Image.Image) -> bytes:
    stream = io.BytesIO()
    first.save(stream, "PNG", save_all=bool(others), append_images=others)
    return stream.getvalue()


def _pixels(row: bytes) -> bytes:
    return _chunk(b"IDAT", zlib.compress(row * 30))


PIXELS = _pixels(b"\x00" + b"\xff\x00\x00" * 40)


def test_an_animation_is_its_first_picture() -> None:
    body = _saved(FIRST, SECOND)
    assert b"acTL" in body
    assert np.array_equal(decode(body, max_pixels=LIMIT), decode(_saved(FIRST), max_pixels=LIMIT))


def test_an_animation_whose_first_picture_is_broken_is_refused() -> None:
    """OpenCV 4.11 and 4.12 end the process."""
    control = _chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 40, 30, 0, 0, 1, 10, 0, 0))
    no_such_filter = _pixels(b"\x07" + b"\xff\x00\x00" * 40)
    body = _png(_chunk(b"IHDR", HEADER), _chunk(b"acTL", struct.pack(">II", 2, 0)), control, no_such_filter)
    with pytest.raises(ClientError):
        decode(body, max_pixels=LIMIT)


def test_a_png_is_checked_with_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflating takes as long as decoding, and keeps a core as busy."""
    with_core: list[bool] = []

    def still(png: bytes) -> bytes:
        with_core.append(traffic._mine.core is not None)
        return png

    monkeypatch.setattr(png_chunks, "still", still)
    decode(_saved(FIRST), max_pixels=LIMIT)
    assert with_core == [True]


def test_what_a_still_picture_consists_of_is_left_as_it_is() -> None:
    body = _saved(FIRST)
    assert still(body) is body
    assert size(body) == (40, 30)


def test_unused_texts_are_not_inflated() -> None:
    bomb = _chunk(b"zTXt", b"k\x00\x00" + zlib.compress(b"a" * 100_000))
    control = _chunk(b"fcTL", b"")
    body = _png(_chunk(b"IHDR", HEADER), bomb * 3, control, PIXELS, _chunk(b"iTXt", b"k"))
    assert still(body) == _png(_chunk(b"IHDR", HEADER), PIXELS)
    assert np.array_equal(decode(body, max_pixels=LIMIT), decode(_saved(FIRST), max_pixels=LIMIT))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_data_beyond_the_picture_are_refused_and_those_of_any_picture_are_not(mode: str) -> None:
    body = _saved(Image.effect_noise((1500, 1400), 90).convert("RGB").convert(mode))
    assert decode(body, max_pixels=3_000_000).shape == (1400, 1500, 3)
    header = body[: body.index(b"IDAT") - 4]
    data = zlib.compress(bytes(40_000_000))
    pieces = b"".join(_chunk(b"IDAT", data[start : start + 8192]) for start in range(0, len(data), 8192))
    with pytest.raises(InvalidImageError, match="holds more than its picture"):
        decode(header + pieces + _chunk(b"IEND"), max_pixels=3_000_000)


def test_data_that_are_not_zlibs_are_refused() -> None:
    with pytest.raises(InvalidImageError, match="corrupt"):
        decode(_png(_chunk(b"IHDR", HEADER), _chunk(b"IDAT", b"no zlib at all")), max_pixels=LIMIT)


def test_a_file_that_is_cut_off_anywhere_is_refused() -> None:
    body = _saved(FIRST)
    for kept in range(len(body)):
        with pytest.raises(InvalidImageError):
            decode(body[:kept], max_pixels=LIMIT)


@pytest.mark.parametrize("data", [zlib.compress(bytes(121 * 15)), zlib.compress(bytes(121 * 30))[:20]])
def test_a_picture_whose_data_break_off_before_its_end_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImageError, match="corrupt"):
        decode(_png(_chunk(b"IHDR", HEADER), _chunk(b"IDAT", data)), max_pixels=LIMIT)


@pytest.mark.parametrize("trailing", [b"\x00" * 20, b"\xff\xff\xff\xf0IDAT" + b"\x00" * 40, _saved(SECOND)])
def test_what_comes_behind_the_end_is_not_read(trailing: bytes) -> None:
    body = _saved(FIRST)
    assert still(body + trailing) == body
    assert np.array_equal(decode(body + trailing, max_pixels=LIMIT), decode(body, max_pixels=LIMIT))


@pytest.mark.parametrize("name", [b"IDAT", b"tEXt", b"acTL", b"fdAT"])
@pytest.mark.parametrize("length", [1000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_chunk_that_claims_more_than_there_is_is_refused(name: bytes, length: int) -> None:
    claims = struct.pack(">I", length) + name
    with pytest.raises(InvalidImageError, match="truncated"):
        decode(_png(_chunk(b"IHDR", HEADER), claims, PIXELS), max_pixels=LIMIT)


@pytest.mark.parametrize(
    "chunks",
    [
        [_chunk(b"aaAa", HEADER), _chunk(b"IHDR", HEADER), PIXELS],
        [_chunk(b"IHDR", HEADER), _chunk(b"IHDR", struct.pack(">II", 9000, 9000) + HEADER[8:]), PIXELS],
        [_chunk(b"IHDR", HEADER + b"\x00"), PIXELS],
        [PIXELS],
    ],
)
def test_a_size_that_a_decoder_may_find_elsewhere_is_refused(chunks: list[bytes]) -> None:
    with pytest.raises(InvalidImageError, match="only header"):
        decode(_png(*chunks), max_pixels=LIMIT)


def test_a_file_of_empty_chunks_is_refused() -> None:
    with pytest.raises(InvalidImageError, match="use fewer and larger ones"):
        decode(_png(_chunk(b"IHDR", HEADER), _chunk(b"tEXt") * 65_536, PIXELS), max_pixels=LIMIT)
    most = _png(_chunk(b"IHDR", HEADER), _chunk(b"tEXt") * 65_533, PIXELS)
    assert decode(most, max_pixels=LIMIT).shape == (30, 40, 3)
