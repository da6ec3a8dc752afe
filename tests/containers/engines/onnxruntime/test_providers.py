"""The list of providers, and TensorRT's options: no GPU is needed for either."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import ModelInput
from ipc_ai_serving.engines.onnxruntime import providers
from ipc_ai_serving.engines.onnxruntime.feeds import Feeds
from ipc_ai_serving.engines.onnxruntime.providers import CPU, GPU, TENSORRT

_GPU_BUILD = [TENSORRT, GPU, CPU]


def _spec(**changes: Any) -> ModelInput:
    return dataclasses.replace(catalogue.load().model("yolox_nano").input, tensor="images", **changes)


def test_by_default_tensorrt_is_left_out() -> None:
    assert providers.wanted(_GPU_BUILD) == [GPU, CPU]
    assert providers.wanted(["AzureExecutionProvider", CPU]) == [CPU]


def test_tensorrt_is_preferred_where_it_is_asked_for_and_what_it_leaves_goes_to_cuda_then_the_cpu() -> None:
    options = providers.tensorrt_options(Path("/opt/ml/model/tensorrt"), {"trt_profile_min_shapes": "images:1x3x8x8"})
    assert providers.wanted(_GPU_BUILD, options) == [(TENSORRT, options), GPU, CPU]
    assert providers.wanted([GPU, CPU], options) == [GPU, CPU]
    assert options == {
        "trt_fp16_enable": True,
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": "/opt/ml/model/tensorrt",
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": "/opt/ml/model/tensorrt",
        "trt_profile_min_shapes": "images:1x3x8x8",
    }


@pytest.mark.parametrize(
    ("declared", "changes", "expected"),
    [
        ([1, 3, 416, 416], {}, [(1, 3, 416, 416)] * 3),
        (["N", 3, 416, 416], {}, [(1, 3, 416, 416), (8, 3, 416, 416), (8, 3, 416, 416)]),
        (["N", 3, "h", "w"], {"size": 384, "width": 640}, [(1, 3, 384, 640), (8, 3, 384, 640), (8, 3, 384, 640)]),
        (["N", "h", "w", 3], {"layout": "NHWC"}, [(1, 416, 416, 3), (8, 416, 416, 3), (8, 416, 416, 3)]),
        ([3, "h", "w"], {}, [(1, 3, 416, 416)] * 3),
        (["N", 3, "h", "w"], {"fixed": False, "size": 410}, [(1, 3, 32, 32), (1, 3, 416, 416), (1, 3, 416, 416)]),
        (
            ["N", 3, "h", "w"],
            {"resize": "short-side", "size": 360, "max_long_side": 1000},
            [(1, 3, 32, 32), (1, 3, 384, 640), (1, 3, 1024, 1024)],
        ),
        ([None, 3, -1, -1], {"resize": "stretch"}, [(1, 3, 416, 416), (8, 3, 416, 416), (8, 3, 416, 416)]),
    ],
)
def test_shapes_cover_every_frame_that_preprocessing_makes(
    declared: list[Any], changes: dict[str, Any], expected: list[tuple[int, ...]]
) -> None:
    assert list(providers.shapes(declared, _spec(**{"size": 416, "stride": 32, **changes}), 8)) == expected


def test_a_profile_names_every_input_that_is_open() -> None:
    axes: dict[str, list[Any]] = {
        "images": ["N", 3, "h", "w"],
        "orig": ["N", 2],
        "mask": [1, "h", "w"],
        "fixed": [1, 2],
    }
    kinds = {"images": "float", "orig": "int64", "mask": "bool", "fixed": "int64"}
    inputs = [SimpleNamespace(name=name, shape=axes[name], type=f"tensor({kinds[name]})") for name in axes]
    also = {"orig": "network-size", "mask": "ones-mask", "fixed": "network-size"}
    feeds = Feeds(inputs, tensor="images", layout="NCHW", also=also, name="net.onnx")
    frames = [(1, 3, 32, 32), (1, 3, 64, 96), (1, 3, 128, 128)]
    assert providers.profile(feeds, axes, frames) == {
        "trt_profile_min_shapes": "images:1x3x32x32,orig:1x2,mask:1x32x32",
        "trt_profile_opt_shapes": "images:1x3x64x96,orig:1x2,mask:1x64x96",
        "trt_profile_max_shapes": "images:1x3x128x128,orig:1x2,mask:1x128x128",
    }
    assert providers.profile(feeds, {"images": [1, 3, 8, 8]}, frames) == {}
