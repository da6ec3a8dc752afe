from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.vision.detections import Detections
from ipc_ai_serving.vision.preprocessing import network_input, network_size

YOLOX = catalogue.load().model("yolox_nano").input
YUNET = catalogue.load().model("yunet_n").input
YOLO3 = catalogue.load().model("yolo3_darknet53_coco").input


def test_a_letterbox_fills_the_top_left_corner_and_pads_with_114() -> None:
    prepared = network_input(np.full((200, 400, 3), 7, np.uint8), YOLOX)
    assert prepared.tensor.shape == (1, 3, 416, 416)
    assert (prepared.tensor[0, :, :208] == 7).all()
    assert (prepared.tensor[0, :, 208:] == 114).all()
    assert prepared.scale_x == prepared.scale_y == pytest.approx(1.04)


def test_short_side_is_padded_to_the_stride() -> None:
    prepared = network_input(np.full((600, 850, 3), 9, np.uint8), YUNET)
    assert prepared.tensor.shape == (1, 3, 640, 928)
    assert (prepared.tensor[0, :, :, 907:] == 0).all()


def test_imagenet_normalisation_in_rgb_order() -> None:
    frame = np.zeros((416, 416, 3), np.uint8)
    frame[:] = (50, 100, 200)  # BGR
    tensor = network_input(frame, YOLO3).tensor
    expected = (np.array([200, 100, 50]) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.allclose(tensor[0, :, 0, 0], expected, atol=1e-5)


def test_pixels_and_padding_are_divided_as_exporters_do_to_the_last_bit() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    spec = dataclasses.replace(YOLOX, scale=1 / 255, size=32, max_long_side=32)
    tensor = network_input(np.stack([levels] * 3, axis=2), spec).tensor
    assert (tensor[0, 0, :8] == levels.astype(np.float32) / np.float32(255)).all()
    assert tensor[0, 0, -1, -1] == np.float32(114) / np.float32(255)


def test_padding_is_normalised_as_pixels_are() -> None:
    spec = dataclasses.replace(YOLO3, stride=32, pad_value=50)
    tensor = network_input(np.full((420, 430, 3), 50, np.uint8), spec).tensor
    assert np.allclose(tensor[0, :, -1, -1], tensor[0, :, 0, 0])


def test_the_short_side_asked_for_wins() -> None:
    assert network_input(np.zeros((480, 640, 3), np.uint8), YOLO3, 240).tensor.shape == (1, 3, 240, 320)


@settings(deadline=None)
@given(height=st.integers(16, 2000), width=st.integers(16, 2000))
def test_the_long_side_is_never_exceeded(height: int, width: int) -> None:
    frame = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (height, width, 3))
    for spec in (YOLOX, YUNET, YOLO3):
        prepared = network_input(np.ascontiguousarray(frame), spec)
        assert max(prepared.tensor.shape[2:]) <= spec.max_long_side
        assert prepared.tensor.shape[2] % spec.stride == prepared.tensor.shape[3] % spec.stride == 0


def test_a_stretched_frame_fills_a_rectangle() -> None:
    spec = dataclasses.replace(YOLOX, resize="stretch", size=64, width=96)
    prepared = network_input(np.full((32, 24, 3), 7, np.uint8), spec)
    assert prepared.tensor.shape == (1, 3, 64, 96)
    assert (prepared.tensor == 7).all()
    assert (prepared.scale_x, prepared.scale_y, prepared.left, prepared.top) == (4, 2, 0, 0)


def test_a_letterbox_may_hold_the_frame_in_its_middle() -> None:
    spec = dataclasses.replace(YOLOX, placement="centre", size=64)
    prepared = network_input(np.full((30, 64, 3), 7, np.uint8), spec)
    assert (prepared.left, prepared.top) == (0, 17)
    assert (prepared.tensor[0, 0, 17:47] == 7).all()
    assert (prepared.tensor[0, 0, [0, 16, 47, 63]] == 114).all()
    boxes = np.array([[8, 17, 16, 47]], np.float32)
    found = prepared.in_frame(Detections(boxes, np.ones(1, np.float32)), width=64, height=30)
    assert found.boxes.tolist() == [[8, 0, 16, 30]]


def test_a_letterbox_of_any_size_is_padded_to_the_stride_alone() -> None:
    spec = dataclasses.replace(YOLOX, placement="centre", size=128, fixed=False)
    prepared = network_input(np.zeros((100, 200, 3), np.uint8), spec)
    assert prepared.tensor.shape == (1, 3, 64, 128)
    assert dataclasses.replace(spec, fixed=True) == dataclasses.replace(YOLOX, placement="centre", size=128)


def test_a_centre_crop_cuts_the_middle() -> None:
    frame = np.zeros((40, 80, 3), np.uint8)
    frame[:, 30:50] = 9
    spec = dataclasses.replace(YOLOX, resize="centre-crop", size=20, crop_from=40)
    prepared = network_input(frame, spec)
    assert prepared.tensor.shape == (1, 3, 20, 20)
    assert (prepared.tensor == 9).all()
    assert (prepared.left, prepared.top) == (-30, -10)


def test_the_middle_of_a_stretched_frame_may_be_cut() -> None:
    """DeiT stretches to 256 pixels and takes the middle 224 of them."""
    frame = np.zeros((256, 512, 3), np.uint8)
    frame[16, 32] = 255
    spec = dataclasses.replace(YOLO3, resize="stretch", size=224, crop_from=256, interpolation="linear")
    spec = dataclasses.replace(spec, mean=(0, 0, 0), std=(1, 1, 1), scale=1)
    prepared = network_input(frame, spec)
    assert prepared.tensor.shape == (1, 3, 224, 224)
    assert prepared.tensor[0, 0, 0, 0] > 100
    assert not prepared.tensor[0, 0, 2:, 2:].any()
    found = Detections(np.array([[0, 0, 224, 224]], np.float32), np.ones(1, np.float32))
    (box,) = prepared.in_frame(found, width=512, height=256).boxes
    assert box.tolist() == [32, 16, 480, 240]


def test_a_crop_that_is_larger_than_the_frame_is_padded() -> None:
    spec = dataclasses.replace(YOLO3, resize="centre-crop", size=20, crop_from=17, mean=(0, 0, 0), std=(1, 1, 1))
    tensor = network_input(np.full((17, 17, 3), 255, np.uint8), spec).tensor[0, 0]
    assert np.flatnonzero(tensor.any(axis=0)).tolist() == list(range(1, 18))  # torchvision puts the smaller half first


def test_the_channels_may_come_last() -> None:
    frame = np.zeros((416, 416, 3), np.uint8)
    frame[..., 2] = 5
    prepared = network_input(frame, dataclasses.replace(YOLOX, layout="NHWC"))
    assert prepared.tensor[0, 0, 0].tolist() == [0, 0, 5]
    assert prepared.tensor.flags.c_contiguous
    assert prepared.shape == (1, 3, 416, 416)


def test_antialiasing_looks_at_every_pixel() -> None:
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[::4] = 255  # linear interpolation without it looks at two of four lines
    spec = dataclasses.replace(YOLOX, resize="stretch", size=16)
    plain = network_input(frame, spec).tensor
    smooth = network_input(frame, dataclasses.replace(spec, interpolation="antialiased-linear")).tensor
    assert plain[0, 0, 4:12].max() == 0
    assert abs(smooth[0, 0, 4:12].mean() - 255 / 4) < 1


def test_a_letterbox_is_brought_back_as_its_exporter_does() -> None:
    """A frame of 101 x 67 pixels in 64 x 64: its height is 42.46 there."""
    frame = np.full((67, 101, 3), 7, np.uint8)
    spec = dataclasses.replace(YOLOX, size=64)

    def placed(rounding: str, placement: str) -> list[float]:
        prepared = network_input(frame, dataclasses.replace(spec, rounding=rounding, placement=placement))
        rows = int((prepared.tensor[0, 0, :, 0] == 7).sum())
        return [prepared.scale_x, prepared.scale_y, prepared.left, prepared.top, rows]

    scale = 64 / 101
    assert placed("nearest", "centre") == [scale, 42 / 67, 0, 11, 42]
    assert placed("exact", "centre") == pytest.approx([scale, scale, 0, (64 - 67 * scale) / 2, 42])
    assert placed("exact", "top-left") == [scale, scale, 0, 0, 42]
    assert placed("cut", "top-left") == [42 / 67, 42 / 67, 0, 0, 42]


@pytest.mark.parametrize(("height", "width", "size"), [(101, 68, (43, 64)), (68, 101, (64, 43)), (101, 67, (42, 64))])
def test_sides_of_a_letterbox_are_cut_or_rounded(height: int, width: int, size: tuple[int, int]) -> None:
    cut = dataclasses.replace(YOLOX, size=64, rounding="cut")
    assert network_size(width, height, cut) == size
    assert network_size(1000, 1, cut) == (64, 1)


@pytest.mark.parametrize(
    ("sent", "size", "of_sixteen"),
    [
        ((640, 480), (1066, 800), (1056, 800)),
        ((480, 640), (800, 1066), (800, 1056)),
        ((1920, 1080), (1333, 750), (1328, 736)),
        ((640, 429), (1193, 800), (1184, 800)),
        ((1126, 661), (1333, 783), (1328, 768)),
        ((1000, 800), (1000, 800), (992, 800)),
        ((4000, 3), (1333, 1), (1328, 16)),
    ],
)
def test_sides_are_cut_as_hugging_face_cuts_them(
    sent: tuple[int, int], size: tuple[int, int], of_sixteen: tuple[int, int]
) -> None:
    """Sizes of ``get_size_with_aspect_ratio`` and, where the stride is 16, of that of YOLOS."""
    spec = dataclasses.replace(YUNET, sides="cut", stride=1, size=800, max_long_side=1333)
    assert network_size(*sent, spec) == size
    assert network_size(*sent, dataclasses.replace(spec, stride=16)) == of_sixteen
    width, height = sent
    prepared = network_input(np.full((height, width, 3), 9, np.uint8), dataclasses.replace(spec, stride=16))
    assert prepared.shape == (1, 3, *reversed(of_sixteen))
    assert (prepared.scale_x, prepared.scale_y) == (of_sixteen[0] / width, of_sixteen[1] / height)


def test_frames_are_resized_in_floats_or_as_torchvision_resizes_tensors() -> None:
    frame = np.zeros((3, 4, 3), np.uint8)
    frame[:, 1] = 3
    spec = dataclasses.replace(YOLOX, resize="stretch", size=3, width=6, interpolation="float-linear")
    assert network_input(frame, spec).tensor[0, 0, 0].tolist() == pytest.approx([0, 1.5, 2.5, 0.5, 0, 0])
    whole = network_input(frame, dataclasses.replace(spec, interpolation="tensor-linear")).tensor
    assert whole[0, 0, 0].tolist() == [0, 2, 2, 1, 0, 0]  # a weight of 5 / 6 has 14 bits
