"""JPEGs as cameras really write them: wrong lengths, bytes between segments, and pictures whose data break off."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ipc_ai_serving import images
from ipc_ai_serving.decoding.image_headers import read_size
from ipc_ai_serving.errors import ClientError, InvalidImageError
from ipc_ai_serving.images import decode
from tests.jpeg_segments import split_segments

LIMIT = 1_000_000
COMMENT = bytes(range(1, 255)) * 3


def _street(height: int = 144, width: int = 176) -> Image.Image:
    """Noise over a ramp, with detail everywhere, as a street has."""
    ramp = np.linspace(40, 210, width)[None, :, None] + np.random.default_rng(18).normal(0, 20, (height, width, 3))
    return Image.fromarray(np.clip(ramp, 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image | None = None, **options: Any) -> bytes:
    with io.BytesIO() as file:
        (picture or _street()).save(file, "JPEG", **({"quality": 75} | options))
        return file.getvalue()


def _data(jpeg: bytes) -> int:
    """Where the data of the first scan begin."""
    start = len(jpeg) - len(split_segments(jpeg)[1])
    return start + 2 + int(struct.unpack_from(">H", jpeg, start + 2)[0])


def _decoded_by_opencv(body: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


@pytest.mark.parametrize("short_by", [1, 4, 100, 608, len(COMMENT)])
@pytest.mark.parametrize("marker", [0xFE, 0xE1, 0xE5])
def test_a_segment_that_is_longer_than_it_says(marker: int, short_by: int) -> None:
    """Dahua's and Amcrest's cameras write such comments: decoders go on to the next marker."""
    plain = _jpeg()
    for length in (len(COMMENT) + 2 - short_by, 0):
        segment = bytes([0xFF, marker]) + struct.pack(">H", length) + COMMENT
        assert np.array_equal(
            decode(plain[:2] + segment + plain[2:], max_pixels=LIMIT), decode(plain, max_pixels=LIMIT)
        )


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00",
        b"\x00\x01",
        b"\xff",
        b"\xff\xff\xff",
        b"\xff\x00",
        b"\xff\xff\x00",
        b"\x00\xff\x01",
        bytes(5000),
        COMMENT,
    ],
    ids=lambda junk: f"{junk[:3].hex()}, {len(junk)} bytes",
)
def test_bytes_between_segments_are_passed_over(junk: bytes) -> None:
    plain = _jpeg()
    segments, scan = split_segments(plain)
    for place in range(1, len(segments) + 1):
        body = plain[:2] + b"".join(segments[:place]) + junk + b"".join(segments[place:]) + scan
        assert np.array_equal(decode(body, max_pixels=LIMIT), decode(plain, max_pixels=LIMIT))


@pytest.mark.parametrize("size", [608, 20_000])
@pytest.mark.parametrize("byte", [b"\x00", b"\x5a"])
def test_bytes_between_the_data_and_the_end_are_no_fault(size: int, byte: bytes) -> None:
    """Cameras with buffers of a fixed size leave them there."""
    plain = _jpeg()
    assert np.array_equal(
        decode(plain[:-2] + byte * size + plain[-2:], max_pixels=LIMIT), decode(plain, max_pixels=LIMIT)
    )


@pytest.mark.parametrize("body", [b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe0\x00\x02\x00\x00\xff\xd9\x00\x00\x00"])
def test_an_end_before_the_picture_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidImageError, match=r"truncated|end marker comes before"):
        decode(body, max_pixels=LIMIT)


def test_bytes_without_a_marker_are_refused() -> None:
    with pytest.raises(InvalidImageError, match="truncated"):
        decode(b"\xff\xd8\xff\xff" + b"\xff\x00" * 100_000, max_pixels=LIMIT)


BREAKS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "high quality": {"quality": 97, "subsampling": 0},
    "optimised": {"optimize": True},
    "restarts each row": {"restart_marker_rows": 1},
    "restarts each block": {"restart_marker_blocks": 1},
}


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.8])
@pytest.mark.parametrize("options", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("fill", ["nothing", "0xff"])
def test_a_picture_whose_data_break_off_before_its_end_marker_is_refused(
    fill: str, mode: str, options: dict[str, Any], kept: float
) -> None:
    plain = _jpeg(_street().convert(mode), **options)
    start = _data(plain)
    missing = int((len(plain) - start) * (1 - kept))
    body = plain[:-missing] + (b"\xff" * missing if fill == "0xff" else b"") + b"\xff\xd9"
    with pytest.raises(InvalidImageError, match="truncated: its data end before its picture"):
        decode(body, max_pixels=LIMIT)
    with pytest.raises(InvalidImageError, match="its data end before its picture"):
        images.decode_for(body, max_pixels=LIMIT, needed=lambda width, height: (20, 16))


@pytest.mark.parametrize("at_restart", range(1, 9))
def test_a_picture_that_breaks_off_at_a_restart_is_refused(at_restart: int) -> None:
    plain = _jpeg(restart_marker_rows=1)
    at = plain.index(bytes([0xFF, 0xD0 + at_restart - 1]), _data(plain))
    for kept in (at, at + 2):
        with pytest.raises(InvalidImageError, match="its data end before its picture"):
            decode(plain[:kept] + b"\xff\xd9", max_pixels=LIMIT)


@pytest.mark.parametrize("quality", [50, 75, 90, 98])
@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("place", ["end", "middle"])
def test_a_picture_whose_data_are_zeros_is_refused(place: str, rows: int, quality: int) -> None:
    plain = bytearray(_jpeg(quality=quality, restart_marker_rows=rows))
    start = _data(bytes(plain))
    half = (len(plain) - start) // 2
    first = start + half if place == "end" else start + half // 2
    plain[first : first + half - 2] = bytes(half - 2)
    with pytest.raises(InvalidImageError, match="its data end before its picture"):
        decode(bytes(plain), max_pixels=LIMIT)


def _painted(colour: tuple[int, int, int], *, only_below: int = 0) -> Image.Image:
    picture = _street()
    picture.paste(colour, (0, only_below, *picture.size))
    return picture


@pytest.mark.parametrize(
    "options", [{}, {"optimize": True}, {"progressive": True}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 1}]
)
@pytest.mark.parametrize("colour", [(128, 128, 128), (0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("only_below", [0, 96, 143])
def test_a_whole_picture_with_a_plain_area_is_taken(
    only_below: int, colour: tuple[int, int, int], options: dict[str, Any]
) -> None:
    """A night, a letterbox, or a camera that is covered: data of such areas are few, or zeros."""
    body = _jpeg(_painted(colour, only_below=only_below), **options)
    assert np.array_equal(decode(body, max_pixels=LIMIT), _decoded_by_opencv(body))


def test_zeros_may_be_a_large_plain_area() -> None:
    """With tables of its own an encoder may give the code 0 to an empty block."""
    picture = Image.new("RGB", (1600, 1200), "black")
    picture.paste(_street(16, 16), (0, 0))
    body = _jpeg(picture, optimize=True)
    assert bytes(400) in body
    assert decode(body, max_pixels=2_000_000).shape == (1200, 1600, 3)


def test_a_progressive_picture_that_breaks_off_has_less_detail() -> None:
    plain = _jpeg(progressive=True)
    body = plain[: len(plain) * 3 // 4] + b"\xff\xd9"
    assert np.array_equal(decode(body, max_pixels=LIMIT), _decoded_by_opencv(body))
    with pytest.raises(InvalidImageError, match="its data end before its picture"):
        decode(plain[: _data(plain) + 50] + b"\xff\xd9", max_pixels=LIMIT)


def _lie(segment: bytes, frame_header: bytes, draw: Callable[[st.SearchStrategy[int]], int]) -> bytes:
    """Change a segment's length or its contents, or put bytes or a second size before it."""
    changed = bytearray(segment)
    match draw(st.integers(0, 4)):
        case 0:
            changed[2:4] = struct.pack(">H", draw(st.integers(0, 700)))
        case 1:
            changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
        case 2:
            junk = [draw(st.sampled_from([0x00, 0x01, 0x42, 0xC0, 0xC4, 0xD8, 0xD9, 0xDA, 0xFF])) for _ in range(9)]
            changed[:0] = bytes(junk[: draw(st.integers(1, 9))])
        case 3:
            size = struct.pack(">HH", draw(st.integers(1, 700)), draw(st.integers(1, 700)))
            changed[:0] = frame_header[:5] + size + frame_header[9:]
        case _:
            del changed[: draw(st.integers(1, 6))]
    return bytes(changed)


@settings(max_examples=400, deadline=None)
@given(data=st.data(), places=st.sets(st.integers(0, 7), min_size=1, max_size=2), progressive=st.booleans())
def test_the_size_that_is_checked_is_the_one_that_is_decoded(
    data: st.DataObject, places: set[int], progressive: bool
) -> None:
    """Also: all headers that OpenCV can read are read."""
    plain = _jpeg(comment=COMMENT, progressive=progressive)
    segments, scan = split_segments(plain)
    frame_header = next(segment for segment in segments if segment[1] in (0xC0, 0xC2))
    for place in places:
        segments[place % len(segments)] = _lie(segments[place % len(segments)], frame_header, data.draw)
    body = plain[:2] + b"".join(segments) + scan
    decoded = _decoded_by_opencv(body)
    try:
        size = read_size(body)
    except InvalidImageError:
        assert decoded is None
        return
    assert decoded is None or decoded.shape[:2] == (size.height, size.width)
    try:
        frame = decode(body, max_pixels=LIMIT)
    except ClientError:
        return
    assert decoded is not None
    assert np.array_equal(frame, decoded)


def test_whole_frames_of_real_cameras_are_taken_and_halves_are_not(testdata: Path) -> None:
    for path in sorted((testdata / "images").rglob("*.jpg")):
        body = path.read_bytes()
        assert np.array_equal(decode(body, max_pixels=64_000_000), _decoded_by_opencv(body)), path.name
        if read_size(body).passes == 1:
            with pytest.raises(InvalidImageError, match="truncated"):
                decode(body[: (_data(body) + len(body)) // 2] + b"\xff\xd9", max_pixels=64_000_000)
