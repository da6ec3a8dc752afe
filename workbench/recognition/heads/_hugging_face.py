"""Preprocessing by Hugging Face's ``preprocessor_config.json``, and class names by its ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipc_ai_catalogue import ModelInput
from workbench.recognition.graph_facts import Tensor

_NO_CLASS = frozenset({"", "n/a", "background", "__background__", "no object", "no-object", "???"})
_LINEAR, _INTERPOLATIONS = 2, {2: "tensor-linear", 3: "tensor-cubic"}  # PIL.Image.Resampling
OF_FLOATS = "float-linear"
_PIXEL = 1 / 255
_NO_LIMIT = 4096  # pixels of a side
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NO_MEAN, NO_STD = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Family:
    """Preprocessing of the detectors of one kind, where no file tells it.

    Attributes:
        short, long: short and most of the long side in pixels; None where frames are stretched.
        side: side of the square to which frames are stretched.
        mean, std: normalisation of pixels from 0 to 1.
        interpolation: as in ``ModelInput``.
        stride: multiple to which sides are cut.
    """

    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    short: int | None = None
    long: int | None = None
    side: int = 640
    interpolation: str = "tensor-linear"
    stride: int = 1


def model_input(
    frames: Tensor, processor: Mapping[str, Any], family: Family, also: Mapping[str, str]
) -> tuple[ModelInput, str]:
    """Describe the input of a detector, and say where its preprocessing is from.

    Frames are stretched to the size of a graph that takes one alone.
    """
    mean, std = _normalisation(processor, family)
    told: dict[str, Any] = {
        "tensor": frames.name,
        "colour": "RGB",
        "scale": float(processor.get("rescale_factor", _PIXEL)) if processor.get("do_rescale", True) else 1.0,
        "mean": mean,
        "std": std,
        "interpolation": _interpolation(processor, family),
        "full_decode": True,
        "also": dict(also),
    }
    source = "preprocessor_config.json" if processor else "no preprocessor_config.json, so as its kind is trained"
    fixed = [side if isinstance(side, int) else None for side in (frames.shape or ())[2:4]]
    size = _size(processor)
    if None in fixed and "height" not in size and (short := size.get("shortest_edge", family.short)):
        long = size.get("longest_edge") or family.long or _NO_LIMIT
        model = ModelInput(
            **told, resize="short-side", size=short, stride=family.stride, max_long_side=long, sides="cut"
        )
        return model, f"{source}: short side {short} and long side at most {long} pixels"
    height, width = fixed[0] or size.get("height", family.side), fixed[1] or size.get("width", family.side)
    square = height == width
    model = ModelInput(
        **told,
        resize="stretch",
        size=height,
        width=None if square else width,
        stride=1,
        max_long_side=max(height, width),
    )
    return model, f"{source}: stretched to {width} x {height} pixels"


def _size(processor: Mapping[str, Any]) -> Mapping[str, Any]:
    """Size in today's words; older files have the short side as a number, and ``max_size``."""
    size = processor.get("size", {})
    if isinstance(size, int):
        return {"shortest_edge": size, "longest_edge": processor.get("max_size")}
    return {key: side for key, side in size.items() if side} if isinstance(size, dict) else {}


def _interpolation(processor: Mapping[str, Any], family: Family) -> str:
    if family.interpolation == OF_FLOATS:
        return family.interpolation
    return _INTERPOLATIONS.get(processor.get("resample", _LINEAR), family.interpolation)


def _normalisation(
    processor: Mapping[str, Any], family: Family
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    if not processor:
        return family.mean, family.std
    if not processor.get("do_normalize", True):
        return NO_MEAN, NO_STD
    return _three(processor.get("image_mean", family.mean)), _three(processor.get("image_std", family.std))


def _three(values: Any) -> tuple[float, float, float]:
    first, second, third = [float(each) for each in values]
    return first, second, third


def class_names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Class names by index, "" for one that means no class; none where the file has none."""
    named = config.get("id2label")
    if not isinstance(named, dict) or not named:
        return ()
    try:
        by_index = {int(index): str(name) for index, name in named.items()}
    except ValueError:
        return ()
    names = (by_index.get(index, "") for index in range(max(by_index) + 1))
    return tuple("" if name.lower() in _NO_CLASS else name for name in names)
