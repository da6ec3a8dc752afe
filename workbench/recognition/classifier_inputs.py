"""Preprocessing of a classifier: by the files that its exporter writes, else as networks of its kind are trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ipc_ai_catalogue import ModelInput
from workbench.recognition.frame_input import FrameInput
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import Beside
from workbench.recognition.ultralytics_metadata import UltralyticsMetadata

_SIDE = 224
_PIXEL = 1 / 255
_CROP_SHARE = 224 / 256  # of torchvision, and of Hugging Face's ConvNeXt
_WARPED_FROM = 384  # pixels from which ConvNeXt stretches (``image_processing_convnext.py``)
_LINEAR, _CUBIC = "antialiased-linear", "antialiased-cubic"
_TENSOR_LINEAR = "tensor-linear"
_BY_NUMBER = {2: _TENSOR_LINEAR, 3: "tensor-cubic"}  # PIL.Image.Resampling
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_UNTOLD = "no file tells how frames are prepared"
_NONE, _ONES = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def of(
    graph: GraphFacts, frames: FrameInput, beside: Beside, told: UltralyticsMetadata | None
) -> tuple[ModelInput, str]:
    """Describe the input, and say where the description is from.

    Args:
        graph: the graph.
        frames: its input.
        beside: the files beside it.
        told: its metadata by Ultralytics.
    """
    described = _timm_config(beside.config)
    if told is not None:
        return _of_ultralytics(frames, told)
    if beside.processor:
        return _of_hugging_face(frames, beside.processor)
    if described:
        return _of_timm(frames, described)
    assert graph.frames is not None
    if graph.frames.type == "uint8":
        model = _input(frames, frames.height or _SIDE, frames.width or _SIDE, scale=1.0)
        return model, f"{_UNTOLD}; it takes bytes, so they are stretched, RGB from 0 to 255"
    if frames.layout == "NHWC":
        model = _input(frames, frames.height or _SIDE, frames.width or _SIDE, scale=1 / 127.5, mean=_ONES)
        return model, f"{_UNTOLD}; stretched, RGB from -1 to 1, as Keras' MobileNet takes them"
    return _of_torchvision(frames)


def _input(frames: FrameInput, height: int, width: int, **others: Any) -> ModelInput:
    fields: dict[str, Any] = {
        "resize": "stretch",
        "scale": _PIXEL,
        "mean": _NONE,
        "std": _ONES,
        "interpolation": _LINEAR,
        "colour": "RGB",
        **others,
    }
    return ModelInput(
        tensor=frames.name,
        size=height,
        width=None if width == height else width,
        stride=1,
        max_long_side=max(height, width),
        layout=frames.layout,
        full_decode=True,
        **fields,
    )


def _cropped(frames: FrameInput, height: int, width: int, short: int, **others: Any) -> ModelInput:
    """Input of the middle of a frame whose short side is resized; a whole frame where the network is no square."""
    if height != width:
        return _input(frames, height, width, **others)
    return _input(frames, height, width, resize="centre-crop", crop_from=short, **others)


def _of_ultralytics(frames: FrameInput, told: UltralyticsMetadata) -> tuple[ModelInput, str]:
    """Describe ``classify_transforms`` in Ultralytics ``data/augment.py``."""
    height, width = frames.height or told.height or _SIDE, frames.width or told.width or _SIDE
    return _cropped(frames, height, width, height), "the middle of the frame, RGB from 0 to 1, as Ultralytics cuts it"


def _of_torchvision(frames: FrameInput) -> tuple[ModelInput, str]:
    """Describe ``ImageClassification`` in torchvision ``transforms/_presets.py``, with the share of 224 of 256."""
    height, width = frames.height or _SIDE, frames.width or _SIDE
    short = math.floor(height / _CROP_SHARE)
    model = _cropped(frames, height, width, short, mean=_IMAGENET_MEAN, std=_IMAGENET_STD)
    whole = "stretched" if model.resize == "stretch" else f"the middle of a short side of {short} pixels"
    return model, f"{_UNTOLD}; {whole}, with ImageNet's mean and deviation, as torchvision"


def _of_timm(frames: FrameInput, described: Mapping[str, Any]) -> tuple[ModelInput, str]:
    """Describe ``transforms_imagenet_eval`` in timm ``data/transforms_factory.py``."""
    _, *size = described.get("input_size") or (3, _SIDE, _SIDE)
    height, width = frames.height or int(size[0]), frames.width or int(size[-1])
    short = math.floor(height / float(described.get("crop_pct") or _CROP_SHARE))
    others: dict[str, Any] = {
        "mean": _three(described.get("mean", _IMAGENET_MEAN)),
        "std": _three(described.get("std", _IMAGENET_STD)),
        "interpolation": _CUBIC if described.get("interpolation") == "bicubic" else _LINEAR,
    }
    if described.get("crop_mode") == "squash":
        model = _input(frames, height, width, crop_from=short if height == width else None, **others)
    else:
        model = _cropped(frames, height, width, short, **others)
    return model, f"config.json of timm: short side {short}, {described.get('interpolation', 'bilinear')}"


def _of_hugging_face(frames: FrameInput, processor: Mapping[str, Any]) -> tuple[ModelInput, str]:
    """Describe ``preprocessor_config.json`` by transformers ``image_processing_backends.py``."""
    kind = str(processor.get("image_processor_type") or processor.get("feature_extractor_type") or "")
    resized, crop = _sides(processor.get("size")), _sides(processor.get("crop_size"))
    others = _normalisation(processor, kind)
    short = resized.get("shortest_edge")
    if "crop_pct" in processor or kind.startswith("ConvNext"):
        side = short or resized.get("height") or _SIDE
        crop = crop or {"height": side, "width": side}
        warped = side >= _WARPED_FROM and kind.startswith("ConvNext")
        resized = {"height": side, "width": side}
        short = None if warped else int(side / float(processor.get("crop_pct") or _CROP_SHARE))
    elif short is not None and kind.startswith("Levit"):
        short = int(short / _CROP_SHARE)
    crops = bool(crop) and processor.get("do_center_crop", True)
    wanted = crop if crops else resized
    height = frames.height or wanted.get("height") or short or _SIDE
    width = frames.width or wanted.get("width") or height
    if short is not None:
        model = _cropped(frames, height, width, short, **others)
        return model, f"preprocessor_config.json: short side {short}, then the middle"
    stretched = resized.get("height") or height
    cuts = crops and stretched > height == width
    model = _input(frames, height, width, crop_from=stretched if cuts else None, **others)
    return model, f"preprocessor_config.json: stretched to {stretched}{', then the middle' if cuts else ''}"


def _normalisation(processor: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Scale, mean, deviation and colours; EfficientNet's bytes may lie around 0, and are divided twice."""
    mean, std = _NONE, _ONES
    deviation = _three(processor.get("image_std", _IMAGENET_STD))
    if processor.get("do_normalize", "image_mean" in processor and not kind.startswith("MobileViT")):
        mean, std = _three(processor.get("image_mean", _IMAGENET_MEAN)), deviation
    if processor.get("rescale_offset"):
        mean = _three([each + 1 for each in mean])
    if kind.startswith("EfficientNet") and processor.get("include_top", True):
        std = _three([one * again for one, again in zip(std, deviation, strict=True)])
    return {
        "scale": float(processor.get("rescale_factor", _PIXEL)) if processor.get("do_rescale", True) else 1.0,
        "mean": mean,
        "std": std,
        "interpolation": _BY_NUMBER.get(processor.get("resample", 2), _TENSOR_LINEAR),
        "sides": "cut",
        "colour": "BGR" if processor.get("do_flip_channel_order") else "RGB",
    }


def _sides(size: Any) -> dict[str, int]:
    """Sides of a size; a number alone is a square, or the short side of older files."""
    if isinstance(size, int):
        return {"height": size, "width": size}
    return {key: int(side) for key, side in size.items() if side} if isinstance(size, dict) else {}


def _timm_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    described = config.get("pretrained_cfg", {})
    return described if isinstance(described, dict) else {}


def _three(values: Any) -> tuple[float, float, float]:
    first, second, third = [float(each) for each in values]
    return first, second, third
