"""Preprocessing of classifiers; the numbers of each kind are those of its exporter's own documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipc_ai_catalogue import ModelInput
from workbench.recognition import classifier_inputs
from workbench.recognition.frame_input import FrameInput
from workbench.recognition.graph_facts import GraphFacts, Tensor
from workbench.recognition.guess import Beside

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
RESCALED = {"do_rescale": True, "rescale_factor": 1 / 255}
NORMALISED = {**RESCALED, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
SQUARE_224, SQUARE_256 = {"height": 224, "width": 224}, {"height": 256, "width": 256}


def _input(
    *, layout: str = "NCHW", size: tuple[int | None, int | None] = (None, None), kind: str = "float", **beside: Any
) -> tuple[ModelInput, str]:
    frames = Tensor("x", kind, ("b", 3, "h", "w"))
    graph = GraphFacts(Path("net.onnx"), (frames,), (), {}, "", frozenset())
    return classifier_inputs.of(graph, FrameInput("x", layout, *size), Beside(**beside), None)


def test_without_a_file_frames_are_cut_as_torchvision_does() -> None:
    taken, because = _input()
    assert (taken.resize, taken.size, taken.crop_from, taken.interpolation) == (
        "centre-crop",
        224,
        256,
        "antialiased-linear",
    )
    assert (taken.mean, taken.std, taken.colour, taken.full_decode) == (*IMAGENET, "RGB", True)
    assert "no file tells" in because
    assert _input(size=(299, 299))[0].crop_from == 341


def test_a_rectangle_takes_the_whole_frame() -> None:
    taken, because = _input(size=(256, 128))
    assert (taken.resize, taken.size, taken.width, taken.crop_from) == ("stretch", 256, 128, None)
    assert "stretched" in because


def test_channels_last_are_those_of_keras() -> None:
    taken, because = _input(layout="NHWC", size=(160, 160))
    assert (taken.resize, taken.size, taken.scale, taken.mean, taken.std) == (
        "stretch",
        160,
        1 / 127.5,
        (1, 1, 1),
        (1, 1, 1),
    )
    assert "-1 to 1" in because


def test_a_network_that_takes_bytes_gets_them() -> None:
    taken, _ = _input(kind="uint8", size=(224, 224))
    assert (taken.scale, taken.mean, taken.std) == (1, (0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize(
    ("processor", "resize", "size", "crop_from", "std"),
    [
        ({"image_processor_type": "ViTImageProcessor", "size": SQUARE_224, **NORMALISED}, "stretch", 224, None, 0.5),
        ({"feature_extractor_type": "ViTFeatureExtractor", "size": 224, **NORMALISED}, "stretch", 224, None, 0.5),
        (
            {"image_processor_type": "DeiTImageProcessor", "size": SQUARE_256, "crop_size": SQUARE_224, **NORMALISED},
            "stretch",
            224,
            256,
            0.5,
        ),
        (
            {"size": SQUARE_224, "crop_size": SQUARE_256, "do_center_crop": False, **NORMALISED},
            "stretch",
            224,
            None,
            0.5,
        ),
        ({"size": {"shortest_edge": 256}, "crop_size": SQUARE_224, **NORMALISED}, "centre-crop", 224, 256, 0.5),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875, **NORMALISED}, "centre-crop", 224, 256, 0.5),
        ({"size": 224, "crop_pct": 0.9, **NORMALISED}, "centre-crop", 224, 248, 0.5),
        (
            {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}, **NORMALISED},
            "stretch",
            384,
            None,
            0.5,
        ),
        (
            {
                "image_processor_type": "LevitImageProcessor",
                "size": {"shortest_edge": 224},
                "crop_size": SQUARE_224,
                **NORMALISED,
            },
            "centre-crop",
            224,
            256,
            0.5,
        ),
        (
            {"image_processor_type": "EfficientNetImageProcessor", "size": SQUARE_224, **NORMALISED},
            "stretch",
            224,
            None,
            0.25,
        ),
    ],
)
def test_processors_of_hugging_face(
    processor: dict[str, Any], resize: str, size: int, crop_from: int | None, std: float
) -> None:
    taken, because = _input(processor=processor)
    assert (taken.resize, taken.size, taken.crop_from) == (resize, size, crop_from)
    assert (taken.mean, taken.std) == ((0.5,) * 3, (std,) * 3)
    assert (taken.interpolation, taken.sides) == ("tensor-linear", "cut")
    assert because.startswith("preprocessor_config.json")


def test_an_offset_moves_bytes_around_zero() -> None:
    processor = {
        "image_processor_type": "EfficientNetImageProcessor",
        "size": SQUARE_224,
        "rescale_factor": 1 / 127.5,
        "rescale_offset": True,
        "do_normalize": False,
        "include_top": False,
    }
    taken, _ = _input(processor=processor)
    assert (taken.scale, taken.mean, taken.std) == (1 / 127.5, (1, 1, 1), (1, 1, 1))


def test_mobilevit_takes_blue_first_and_no_mean() -> None:
    processor = {
        "image_processor_type": "MobileViTImageProcessor",
        "size": {"shortest_edge": 288},
        "crop_size": SQUARE_256,
        "do_flip_channel_order": True,
        "resample": 3,
        "image_mean": [0.5] * 3,
        **RESCALED,
    }
    taken, _ = _input(processor=processor)
    assert (taken.colour, taken.mean, taken.size, taken.crop_from) == ("BGR", (0, 0, 0), 256, 288)
    assert taken.interpolation == "tensor-cubic"


@pytest.mark.parametrize(
    ("changed", "resize", "crop_from"),
    [
        ({}, "centre-crop", 248),
        ({"crop_mode": "squash"}, "stretch", 248),
        ({"crop_pct": 1.0}, "centre-crop", 224),
    ],
)
def test_the_configuration_of_timm(changed: dict[str, Any], resize: str, crop_from: int) -> None:
    told = {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.9, "mean": [0.5] * 3}
    told |= {"std": [0.5] * 3, "crop_mode": "center", **changed}
    taken, because = _input(config={"pretrained_cfg": told})
    assert (taken.resize, taken.size, taken.crop_from) == (resize, 224, crop_from)
    assert (taken.mean, taken.std, taken.interpolation) == (*HALF, "antialiased-cubic")
    assert "timm" in because
