from __future__ import annotations

import struct

import pytest

from camera_push.formats import jpeg, pictures
from camera_push.formats.pictures import Found
from tests.camera_pictures import picture, with_segment

WHOLE = picture()


def found(body: bytes) -> list[Found]:
    return list(pictures.found(body, 0, len(body)))


@pytest.mark.parametrize(
    "body",
    [
        picture(progressive=True),
        picture(restart_marker_blocks=1),
        picture(size=200, restart_marker_rows=1, progressive=True),
        picture(optimize=True, quality=30),
        with_segment(WHOLE, 0xE1, b"Exif\0\0" + picture(size=8)),
        with_segment(WHOLE, 0xFE, b"\xff\xd9 and \xff\xd8\xff\xe0 in a comment"),
        WHOLE[:2] + b"\xff\xff\xff" + WHOLE[2:],
    ],
    ids=["progressive", "restarts", "both", "optimized", "Exif thumbnail", "markers in a comment", "fill bytes"],
)
def test_a_jpeg_of_every_build_is_one_picture_up_to_its_end(body: bytes) -> None:
    assert found(body) == [Found(0, len(body), None)]
    assert found(b"x" + body + b"\0\0\r\n--") == [Found(1, 1 + len(body), None)]


def test_pictures_behind_one_another_are_several() -> None:
    small = picture(size=8)
    assert found(WHOLE + small + WHOLE) == [
        Found(0, len(WHOLE), None),
        Found(len(WHOLE), len(WHOLE + small), None),
        Found(len(WHOLE + small), len(WHOLE + small + WHOLE), None),
    ]


def test_a_multi_picture_file_is_its_first_picture() -> None:
    table = struct.pack("<HHHII", 1, 0xB001, 4, 1, 2) + b"\0" * 4
    first = with_segment(WHOLE, 0xE2, b"MPF\0II*\0" + struct.pack("<I", 8) + table)
    second = picture(size=16)
    assert found(first + second) == [Found(0, len(first), None)]
    third = picture(size=8)
    assert found(first + second + third)[1:] == [Found(len(first + second), len(first + second + third), None)]


@pytest.mark.parametrize("cut", [3, 4, 10, 200, -3, -2, -1])
def test_a_jpeg_without_its_end_is_broken(cut: int) -> None:
    (only,) = found(WHOLE[:cut])
    assert only.fault == "the JPEG is cut off: it has no end (FF D9)"


def test_a_cut_jpeg_does_not_hide_the_next_one() -> None:
    cut, whole = found(WHOLE[:-50] + WHOLE)
    assert cut.fault == "the JPEG is cut off, and another picture follows it"
    assert whole == Found(len(WHOLE) - 50, 2 * len(WHOLE) - 50, None)


@pytest.mark.parametrize(
    "body",
    [b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe0\0\1", b"\xff\xd8\xff\xe0\0\2xx", WHOLE[:2] + b"\xff\0" + WHOLE[2:]],
    ids=["nothing but its ends", "length of 1", "no marker", "marker of 0"],
)
def test_a_damaged_jpeg_is_broken(body: bytes) -> None:
    assert [each.fault is not None for each in found(body)] == [True]


def test_three_bytes_in_other_data_are_no_picture() -> None:
    assert found(b"data \xff\xd8\xff\x12 data") == []


def test_segments_without_end_cost_no_time() -> None:
    walk = jpeg.walk(b"\xff\xd8" + b"\xff\xe0\0\2" * 100_000, 0, 400_002)
    assert walk.fault == "the JPEG has more than 4096 segments"
    assert walk.resume < 20_000
