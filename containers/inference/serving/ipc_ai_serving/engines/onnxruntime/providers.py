"""Execution providers of a session, the preferred one first, and TensorRT's options and shapes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ipc_ai_catalogue import ModelInput
from ipc_ai_serving.engines.onnxruntime.feeds import Feeds

TENSORRT, GPU, CPU = "TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"

Options: TypeAlias = dict[str, bool | str]
Shape: TypeAlias = tuple[int, int, int, int]

_BATCH = 0
_WIDE, _HIGH = 16, 9


def wanted(available: Collection[str], tensorrt: Options | None = None) -> list[str | tuple[str, Options]]:
    """Order those of the available providers that are wanted.

    Args:
        available: names of the runtime's providers.
        tensorrt: options of TensorRT; None to leave it out, as by default. What it does not take CUDA computes.
    """
    first: list[str | tuple[str, Options]] = [(TENSORRT, tensorrt)] if tensorrt and TENSORRT in available else []
    return [*first, *(each for each in (GPU, CPU) if each in available)]


def tensorrt_options(cache: Path, profile: Mapping[str, str]) -> Options:
    """Options of TensorRT: half precision, and engines that are kept.

    Source: https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html

    Args:
        cache: folder of engines and of the time that each way to compute a layer took.
        profile: of :func:`profile`.
    """
    return {
        "trt_fp16_enable": True,
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(cache),
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": str(cache),
        **profile,
    }


def shapes(declared: Sequence[Any], spec: ModelInput, max_batch_size: int) -> tuple[Shape, Shape, Shape]:
    """Least, usual and largest shape of the tensor of frames, for a graph that leaves sides or the batch open.

    Frames of many sizes come one at a time: the largest ones of a batch would take all of the GPU's memory.

    Args:
        declared: axes of the graph's input; a number where it is fixed.
        spec: the model's input.
        max_batch_size: most frames of a batch.
    """
    up = spec.stride
    one_size = is_of_one_size(spec)
    if one_size:
        sides = [(spec.size, spec.columns)] * 3
    elif spec.resize == "letterbox":
        largest = (_multiple(spec.size, up), _multiple(spec.columns, up))
        sides = [(up, up), largest, largest]
    else:
        longest, wide = _multiple(spec.max_long_side, up), spec.size * _WIDE // _HIGH
        usual = (_multiple(spec.size, up), _multiple(min(wide, spec.max_long_side), up))
        sides = [(up, up), usual, (longest, longest)]
    batches = (1, max_batch_size, max_batch_size) if one_size and not _is_fixed(declared[_BATCH]) else (1, 1, 1)
    least, usual_shape, most = (
        _declared(declared, (batch, *rows_columns, 3) if spec.layout == "NHWC" else (batch, 3, *rows_columns))
        for batch, rows_columns in zip(batches, sides, strict=True)
    )
    return least, usual_shape, most


def is_of_one_size(spec: ModelInput) -> bool:
    """Tell whether all frames have one size at the network's input."""
    return spec.resize != "short-side" and (spec.resize != "letterbox" or spec.fixed)


def profile(feeds: Feeds, declared: Mapping[str, Sequence[Any]], frames: Sequence[Shape]) -> dict[str, str]:
    """TensorRT's profile: shapes of every input that is not fixed. Shapes out of it would have the engine built anew.

    Args:
        feeds: inputs of the graph.
        declared: axes of each input by name.
        frames: least, usual and largest shape of frames.

    Returns:
        Options by name; none where all inputs are fixed.
    """
    if all(map(_is_fixed, (axis for axes in declared.values() for axis in axes))):
        return {}
    kinds = ("min", "opt", "max")
    return {
        f"trt_profile_{kind}_shapes": ",".join(
            f"{name}:{'x'.join(map(str, value.shape))}"
            for name, value in feeds.of(np.broadcast_to(np.float32(0), frame)).items()
            if not all(map(_is_fixed, declared[name]))
        )
        for kind, frame in zip(kinds, frames, strict=True)
    }


def _declared(declared: Sequence[Any], shape: Shape) -> Shape:
    """Shape with the numbers that the graph declares; a graph without a batch declares three."""
    axes = [None, *declared] if len(declared) == len(shape) - 1 else declared
    first, second, third, fourth = (
        given if _is_fixed(given) else ours for given, ours in zip(axes, shape, strict=True)
    )
    return first, second, third, fourth


def _is_fixed(axis: Any) -> bool:
    return isinstance(axis, int) and axis > 0


def _multiple(side: int, stride: int) -> int:
    return -(-side // stride) * stride
