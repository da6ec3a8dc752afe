"""Frames with more detail than a network looks at are decoded with less, and answers stay in pixels of the frame."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import images
from ipc_ai_serving.applications import detection
from ipc_ai_serving.images import FrameSize
from ipc_ai_serving.model_folder import find
from ipc_ai_serving.models.detector import Detector
from tests.containers.test_images import _with_orientation
from tests.iou import matched
from tests.tiny_models import write_yolox_onnx

LIMIT = 4_000_000


def _jpeg(width: int, height: int) -> bytes:
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return cv2.imencode(".jpg", np.repeat(np.tile(ramp, (height, 1))[..., None], 3, axis=2))[1].tobytes()


def _decoded(body: bytes, needed: FrameSize) -> tuple[FrameSize, FrameSize]:
    """Sizes of what was decoded, and of what was sent."""
    frame, sent = images.decode_for(body, max_pixels=LIMIT, needed=lambda width, height: needed)
    return (frame.shape[1], frame.shape[0]), sent


@pytest.mark.parametrize("needed", [(400, 200), (300, 300), (799, 599)])
def test_a_frame_less_than_twice_as_large_in_one_direction_is_decoded_whole(needed: FrameSize) -> None:
    assert _decoded(_jpeg(799, 599), needed) == ((799, 599), (799, 599))


@pytest.mark.parametrize(
    ("times", "reduction"), [(1, 1), (1.9, 1), (2, 2), (3.9, 2), (4, 4), (7.9, 4), (8, 8), (20, 8)]
)
def test_by_how_much_it_is_reduced(times: float, reduction: int) -> None:
    width, height = round(60 * times), round(40 * times)
    assert _decoded(_jpeg(width, height), (60, 40)) == (
        (-(-width // reduction), -(-height // reduction)),
        (width, height),
    )


@given(st.integers(16, 700), st.integers(16, 700), st.integers(1, 300), st.integers(1, 300))
def test_what_is_left_is_at_least_what_is_needed(width: int, height: int, wide: int, high: int) -> None:
    (left_width, left_height), sent = _decoded(_jpeg(width, height), (wide, high))
    assert sent == (width, height)
    assert left_width >= min(wide, width)
    assert left_height >= min(high, height)


def test_other_formats_and_turned_frames_are_decoded_whole() -> None:
    frame = np.zeros((400, 600, 3), np.uint8)
    for extension in (".png", ".bmp", ".webp"):
        assert _decoded(cv2.imencode(extension, frame)[1].tobytes(), (60, 40)) == ((600, 400), (600, 400))
    assert _decoded(_with_orientation(_jpeg(600, 400), 6), (40, 60)) == ((400, 600), (400, 600))
    assert _decoded(_with_orientation(_jpeg(600, 400), 1), (60, 40)) == ((75, 50), (600, 400))


@pytest.mark.parametrize("flag", [cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_OPTIMIZE])
def test_grey_and_progressive_frames_are_reduced_to_three_channels(flag: int) -> None:
    grey = np.full((400, 600), 90, np.uint8)
    frame, _ = images.decode_for(
        cv2.imencode(".jpg", grey, [flag, 1])[1].tobytes(), max_pixels=LIMIT, needed=lambda width, height: (60, 40)
    )
    assert frame.shape == (50, 75, 3)
    assert np.abs(frame.astype(int) - 90).max() < 4


@pytest.fixture
def red_finder(tmp_path: Path) -> Detector:
    write_yolox_onnx(tmp_path / "yolox_nano.onnx")
    folder = find("yolox_nano", "body-detection", model_dir=tmp_path, model_store=tmp_path, catalogue=catalogue.load())
    return Detector.load(folder, threads=1)


@pytest.mark.parametrize("times", [2, 4, 8])
def test_boxes_are_in_pixels_of_the_frame_sent(
    red_finder: Detector, red_square_frame: npt.NDArray[np.uint8], times: int
) -> None:
    def answer(frame: npt.NDArray[np.uint8]) -> dict[str, Any]:
        body = cv2.imencode(".jpg", frame)[1].tobytes()
        found = detection.predict_fn(detection.input_fn(body, "image/jpeg"), red_finder)
        document: dict[str, Any] = json.loads(detection.output_fn(found, None)[0])
        return document

    small = answer(red_square_frame)
    large = answer(np.kron(red_square_frame, np.ones((times, times, 1), np.uint8)))
    assert (large["width"], large["height"]) == (416 * times, 416 * times)
    assert len(large["bbox_coords"]) == len(small["bbox_coords"]) > 0
    scaled = [[value / times for value in box] for box in large["bbox_coords"]]
    assert matched(small["bbox_coords"], scaled, threshold=0.8) == len(scaled)


@pytest.mark.parametrize(
    ("kind", "count", "value", "reduced"),
    [(3, 1, 1, True), (3, 1, 6, False), (4, 1, 6, False), (3, 2, 6, False), (3, 0, 6, False), (3, 1, 9, False)],
)
def test_a_frame_whose_orientation_others_may_read_differently_is_decoded_whole(
    kind: int, count: int, value: int, reduced: bool
) -> None:
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHH", 1, 0x0112, kind, count, value, 0) + b"\x00" * 4
    for prefix in (b"Exif\x00\x00", b"Exif\x00\xff", b"EXIF\x00\x00"):
        segment = prefix + tiff
        jpeg = _jpeg(600, 400)
        turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]
        frame, _ = images.decode_for(turned, max_pixels=LIMIT, needed=lambda width, height: (30, 30))
        assert (max(frame.shape) < 100) is reduced
        if not reduced:
            assert np.array_equal(frame, images.decode(turned, max_pixels=LIMIT))
