from __future__ import annotations

import io
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from ipc_ai_serving.decoding.image_headers import is_image, webp_orientation
from ipc_ai_serving.errors import ClientError, InvalidImageError, PayloadTooLargeError
from ipc_ai_serving.images import check_together, decode
from ipc_ai_serving.scheduling import traffic
from tests.jpeg_segments import split_segments

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


def _oriented(kind: str, orientation: int, **options: Any) -> bytes:
    """Four quarters, each of another colour, to be displayed as EXIF says."""
    picture = Image.new("RGB", (64, 48), (20, 20, 20))
    for corner, colour in {(0, 0): (220, 30, 30), (32, 0): (30, 220, 30), (0, 24): (30, 30, 220)}.items():
        picture.paste(colour, (*corner, corner[0] + 32, corner[1] + 24))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "a camera"
    exif[ExifTags.Base.Orientation] = orientation
    return _saved(picture, kind, exif=exif, **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("WEBP", {"quality": 95})])
def test_every_format_is_turned_as_a_jpeg_is(orientation: int, kind: str, options: dict[str, Any]) -> None:
    jpeg = _oriented("JPEG", orientation, quality=95)
    displayed = ImageOps.exif_transpose(Image.open(io.BytesIO(jpeg)))
    expected = np.asarray(displayed)[:, :, ::-1].astype(int)
    for body in (jpeg, _oriented(kind, orientation, **options)):
        decoded = decode(body, max_pixels=LIMIT)
        assert decoded.flags.c_contiguous
        assert decoded.shape == expected.shape
        height, width = expected.shape[:2]
        quarters = np.s_[height // 4 :: height // 2, width // 4 :: width // 2]  # their middles: codecs blur borders
        assert np.abs(decoded[quarters] - expected[quarters]).max() < 12


def _webp_with(exif: bytes, *before: bytes) -> bytes:
    """A WebP of 64 x 48 pixels with such an EXIF chunk, and such chunks before it."""
    body = _oriented("WEBP", 6, lossless=True)
    chunks = [*before, b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\x00" * (len(exif) % 2)]
    kept = body[: body.index(b"EXIF")] + b"".join(chunks)
    return kept[:4] + struct.pack("<I", len(kept) - 8) + kept[8:]


TURNED = b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIHH", 1, 0x0112, 3, 1, 6, 0)


@pytest.mark.parametrize(
    "exif",
    [
        TURNED,
        b"Exif\x00\x00" + TURNED,
        b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, 6, 0),
        TURNED.replace(b"\x03\x00\x01", b"\x04\x00\x01"),  # a long number: OpenCV and Pillow take it in a JPEG
    ],
    ids=["little endian", "as in a JPEG", "big endian", "long"],
)
def test_exif_of_a_webp_in_every_spelling(exif: bytes) -> None:
    assert decode(_webp_with(exif), max_pixels=LIMIT).shape == (64, 48, 3)
    odd = b"ODD " + struct.pack("<I", 3) + b"abc\x00"
    assert decode(_webp_with(exif, odd), max_pixels=LIMIT).shape == (64, 48, 3)


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\x00",
        TURNED[:-3],
        b"II*\x00" + b"\xff" * 4 + TURNED[8:],
        TURNED.replace(b"\x06\x00", b"\x09\x00"),
        TURNED.replace(b"\x06\x00", b"\x00\x00"),
        b"II*\x00\x08\x00\x00\x00" + b"\xff" * 40,
        b"nonsense" * 4,
    ],
)
def test_broken_exif_of_a_webp_is_none(exif: bytes) -> None:
    assert decode(_webp_with(exif), max_pixels=LIMIT).shape == (48, 64, 3)


def test_chunks_without_end_are_not_all_read() -> None:
    empty = b"ODD \x00\x00\x00\x00"
    assert webp_orientation(_webp_with(TURNED, *[empty] * 100)) == 6
    assert webp_orientation(_webp_with(TURNED, *[empty] * 5000)) == 1


@settings(max_examples=500, deadline=None)
@given(damage=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8), cut=st.integers(0, 400))
def test_the_orientation_of_a_damaged_webp_is_one_of_eight(damage: list[tuple[int, int]], cut: int) -> None:
    body = bytearray(_oriented("WEBP", 6, lossless=True))
    for at, value in damage:
        body[at % len(body)] = value
    assert 1 <= webp_orientation(bytes(body[: len(body) - cut % 100])) <= 8


@pytest.mark.parametrize(
    ("options", "least"),
    [({"restart_marker_blocks": 1}, 30), ({"restart_marker_rows": 1}, 5), ({"progressive": True}, 0)],
)
def test_restart_markers(options: dict[str, int], least: int) -> None:
    ramp = Image.fromarray(np.ascontiguousarray(_frame(96, 128)[:, :, ::-1]))
    plain, marked = _saved(ramp, "JPEG", quality=90), _saved(ramp, "JPEG", quality=90, **options)
    markers = sum(split_segments(marked)[1].count(bytes([0xFF, number])) for number in range(0xD0, 0xD8))
    assert markers >= least
    assert np.array_equal(decode(marked, max_pixels=LIMIT), decode(plain, max_pixels=LIMIT))


def test_a_restart_marker_that_was_lost_costs_a_part_and_no_5xx() -> None:
    marked = bytearray(_saved(RED.resize((128, 96)), "JPEG", restart_marker_rows=1))
    at = marked.index(b"\xff\xd2")
    del marked[at : at + 2]
    assert decode(bytes(marked), max_pixels=LIMIT).shape == (96, 128, 3)


def test_segments_as_cameras_write_them() -> None:
    """Makers' data in every application segment, comments, empty segments, and fill bytes between them."""
    plain = _saved(RED, "JPEG", quality=95)
    segments, scan = split_segments(plain)
    junk = [
        bytes([0xFF, 0xFF, marker]) + struct.pack(">H", 302) + b"\xff\xd9\xff\xd8\x00" * 60
        for marker in range(0xE1, 0xED)
    ]
    junk += [b"\xff\xfe\x00\x02", b"\xff\xed\x00\x04\xff\xda"]
    body = plain[:2] + segments[0] + b"".join(junk) + b"".join(segments[1:]) + scan
    assert np.array_equal(decode(body, max_pixels=LIMIT), decode(plain, max_pixels=LIMIT))


def test_a_frame_of_motion_jpeg_without_huffman_tables() -> None:
    """USB cameras and some IP cameras send such frames, which rely on the tables of ITU-T T.81 annex K."""
    plain = _saved(RED, "JPEG", quality=95)
    segments, scan = split_segments(plain)
    avi = b"\xff\xe0\x00\x10AVI1" + bytes(10)
    kept = [avi, *(segment for segment in segments if segment[1] not in (0xC4, 0xE0))]
    body = plain[:2] + b"".join(kept) + scan
    assert b"\xff\xc4" in plain
    assert b"\xff\xc4" not in body
    assert np.array_equal(decode(body, max_pixels=LIMIT), decode(plain, max_pixels=LIMIT))


@pytest.mark.parametrize(
    "trailing",
    [b"\x00" * 512, b"\xff" * 7, b"\r\n--boundary\r\nContent-Type: image/jpeg\r\n\r\n", b"\xff\xd8\xff\xe0\x00\x10JF"],
    ids=["padding", "fill bytes", "the next part of a stream", "the next frame's first bytes"],
)
def test_what_streams_leave_behind_the_end_does_no_harm(trailing: bytes) -> None:
    plain = _saved(RED, "JPEG", quality=95)
    assert np.array_equal(decode(plain + trailing, max_pixels=LIMIT), decode(plain, max_pixels=LIMIT))


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


def test_frames_of_one_request_have_a_limit_together() -> None:
    body = _encode(".png", _frame(40, 50))
    check_together([body, body, b"no image"], max_pixels=2000)
    with pytest.raises(PayloadTooLargeError, match="6000 pixels together; send at most 4000"):
        check_together([body] * 3, max_pixels=2000)


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


def test_the_first_frames_may_come_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call makes a counter of turns of its own, as calls of several threads may before the cache has one."""
    monkeypatch.setattr(traffic, "_cores", lambda: threading.BoundedSemaphore(1))
    frame = _frame()
    assert np.array_equal(decode(_encode(".png", frame), max_pixels=LIMIT), frame)


def _with_scans(jpeg: bytes, scans: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times more."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * scans + b"\xff\xd9"


@pytest.mark.parametrize("scans", [1001, 5000])
def test_a_jpeg_that_is_decoded_over_and_over_is_refused(scans: int) -> None:
    jpeg = _encode(".jpg", _frame(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert decode(_with_scans(jpeg, 5), max_pixels=LIMIT).shape == (40, 60, 3)
    with pytest.raises(PayloadTooLargeError, match="scans; use 10 or fewer"):
        decode(_with_scans(jpeg, scans), max_pixels=LIMIT)


def test_what_follows_a_scan_of_all_components_is_not_decoded() -> None:
    """So scans need not be counted there, which takes a look at every byte of a frame."""
    plain = _saved(RED.resize((60, 40)), "JPEG")
    scan = split_segments(plain)[1]
    other = split_segments(_saved(Image.new("RGB", (60, 40), "blue"), "JPEG"))[1]
    body = plain[:-2] + other[:-2] * 5000 + scan
    assert np.array_equal(decode(body, max_pixels=LIMIT), decode(plain, max_pixels=LIMIT))


def test_an_image_that_hides_before_the_one_that_is_seen_first_is_the_one_that_is_checked() -> None:
    """A decoder passes over what looks like a segment without a marker byte by byte, and finds the other image."""
    plain, hidden = _saved(RED, "JPEG"), _saved(Image.new("RGB", (600, 600)), "JPEG")
    cover = b"\xff\x00" + struct.pack(">H", len(hidden))
    body = plain[:2] + cover + hidden[2:] + plain[2:]
    assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR).shape == (600, 600, 3)
    assert decode(body, max_pixels=600 * 600).shape == (600, 600, 3)
    with pytest.raises(PayloadTooLargeError, match="600 x 600"):
        decode(body, max_pixels=600 * 600 - 1)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("behind", [False, True])
def test_a_jpeg_of_endless_segments_is_refused(behind: bool, progressive: bool) -> None:
    """OpenCV walks over all segments of EXIF's kind for each of them, before the scan and behind it."""
    plain = _saved(RED, "JPEG", progressive=progressive)
    at = len(plain) - 2 if behind else 2
    assert np.array_equal(
        decode(plain[:at] + b"\xff\xe1\x00\x02" * 4000 + plain[at:], max_pixels=LIMIT), decode(plain, max_pixels=LIMIT)
    )
    with pytest.raises(InvalidImageError, match="more than 4096 segments"):
        decode(plain[:at] + b"\xff\xe1\x00\x02" * 5000 + plain[at:], max_pixels=LIMIT)


def test_sequential_scans_of_one_component_each_are_counted() -> None:
    """The standard allows one a component; a decoder takes as many as there are."""
    plain = _saved(RED.convert("L").resize((60, 40)), "JPEG")
    segments, scan = split_segments(plain)
    at = next(number for number, segment in enumerate(segments) if segment[1] == 0xC0)
    frame = segments[at]
    two = bytes([*frame[:9], 2, *frame[10:13], 2, *frame[11:13]])
    segments[at] = two[:2] + struct.pack(">H", len(two) - 2) + two[4:]
    body = plain[:2] + b"".join(segments) + scan[:-2] * 1001 + scan
    with pytest.raises(PayloadTooLargeError, match="has 1002 scans"):
        decode(body, max_pixels=LIMIT)


def test_a_jpeg_that_ends_where_its_scan_begins_is_refused() -> None:
    plain = _saved(RED, "JPEG")
    body = plain[: len(plain) - len(split_segments(plain)[1])] + b"\xff\xda\xff\xd9"
    with pytest.raises(InvalidImageError):
        decode(body, max_pixels=LIMIT)


def test_a_large_jpeg_may_have_as_many_scans_as_encoders_write() -> None:
    """And a small one more: what counts is how many pixels are gone over."""
    jpeg = _encode(".jpg", np.zeros((400, 500, 3), np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert decode(jpeg, max_pixels=400 * 500).shape == (400, 500, 3)
    assert decode(_with_scans(jpeg, 100), max_pixels=100 * 400 * 500).shape == (400, 500, 3)
    with pytest.raises(PayloadTooLargeError, match="scans"):
        decode(_with_scans(jpeg, 100), max_pixels=400 * 500)
