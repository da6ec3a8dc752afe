from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ipc_ai_serving.engines.onnxruntime.feeds import Feeds, in_single_precision
from ipc_ai_serving.errors import ModelLoadError


def _declared(name: str, kind: str, *shape: Any) -> SimpleNamespace:
    return SimpleNamespace(name=name, type=f"tensor({kind})", shape=list(shape))


IMAGES = _declared("images", "float16", 1, 3, 64, 96)
SIZES = _declared("orig_target_sizes", "int64", "N", 2)
MASK = _declared("pixel_mask", "int64", "N", 64, 96)
FRAMES = np.full((1, 3, 64, 96), 0.5, np.float32)


def test_a_graph_gets_the_types_and_sizes_that_it_declares() -> None:
    also = {"orig_target_sizes": "network-size", "pixel_mask": "ones-mask"}
    feeds = Feeds([IMAGES, SIZES, MASK], tensor="images", layout="NCHW", also=also, name="x.onnx")
    given = feeds.of(FRAMES)
    assert given["images"].dtype == np.float16
    assert given["orig_target_sizes"].tolist() == [[96, 64]]
    assert given["orig_target_sizes"].dtype == np.int64
    assert given["pixel_mask"].shape == (1, 64, 96)
    assert (given["pixel_mask"] == 1).all()
    assert feeds.one_at_a_time


def test_the_size_of_a_tensor_with_the_channels_last() -> None:
    feeds = Feeds(
        [_declared("images", "uint8", None, None, None, 3), SIZES],
        tensor="images",
        layout="NHWC",
        also={"orig_target_sizes": "network-size"},
        name="x.onnx",
    )
    given = feeds.of(np.full((2, 48, 32, 3), 200, np.float32))
    assert given["images"].dtype == np.uint8
    assert given["orig_target_sizes"].tolist() == [[32, 48]] * 2
    assert not feeds.one_at_a_time


@pytest.mark.parametrize(
    ("declared", "also", "said"),
    [
        ([IMAGES, SIZES], {}, "not the one input 'images' of its description"),
        ([IMAGES], {"pixel_mask": "ones-mask"}, r"not the inputs \['images', 'pixel_mask'\] of its description"),
        ([_declared("images", "string", 1)], {}, r"takes images as tensor\(string\)"),
    ],
)
def test_other_inputs_are_refused(declared: list[Any], also: dict[str, str], said: str) -> None:
    with pytest.raises(ModelLoadError, match=said):
        Feeds(declared, tensor="images", layout="NCHW", also=also, name="x.onnx")


def test_heads_read_single_precision() -> None:
    assert in_single_precision(np.zeros(2, np.float16)).dtype == np.float32
    assert in_single_precision(np.zeros(2, np.int64)).dtype == np.int64


def test_a_graph_without_a_batch_gets_one_frame_after_the_other() -> None:
    feeds = Feeds([_declared("images", "float", 3, "h", "w")], tensor="images", layout="NCHW", also={}, name="x.onnx")
    assert feeds.one_at_a_time
    assert feeds.of(FRAMES)["images"].shape == (3, 64, 96)


def test_a_mask_has_the_size_that_the_graph_declares() -> None:
    mask = _declared("pixel_mask", "int64", "N", 8, "w")
    feeds = Feeds([IMAGES, mask], tensor="images", layout="NCHW", also={"pixel_mask": "ones-mask"}, name="x.onnx")
    assert feeds.of(FRAMES)["pixel_mask"].shape == (1, 8, 96)


def test_a_graph_of_several_frames_gets_copies_and_answers_one() -> None:
    declared = [_declared("images", "float", 3, 3, 64, 96), _declared("orig_target_sizes", "int64", 3, 2)]
    also = {"orig_target_sizes": "network-size"}
    feeds = Feeds(declared, tensor="images", layout="NCHW", also=also, name="x.onnx")
    assert feeds.one_at_a_time
    given = feeds.of(FRAMES)
    assert given["images"].shape == (3, 3, 64, 96)
    assert given["orig_target_sizes"].shape == (3, 2)
    answers = np.arange(6).reshape(3, 2)
    assert feeds.without_copies(answers).tolist() == [[0, 1]]
    assert feeds.without_copies(answers[:2]).tolist() == [[0, 1], [2, 3]]
