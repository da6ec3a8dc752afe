from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto

from tests.workbench.recognition import onnx_files
from workbench.errors import RecognitionError
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside, Guess
from workbench.recognition.heads import boxes
from workbench.recognition.recognised import recognise

ROWS = 4
BOXES = np.array([[10, 20, 30, 40]] * ROWS, np.float32)
LABELS, SCORES = np.ones(ROWS, np.int64), np.full(ROWS, 0.5, np.float32)
TORCHVISION: dict[str, Any] = {"boxes": BOXES, "labels": LABELS, "scores": SCORES}
TENSORFLOW: dict[str, Any] = {
    "detection_boxes": BOXES[None] / 100,
    "detection_classes": np.ones((1, ROWS), np.float32),
    "detection_scores": SCORES[None],
    "num_detections": np.array([ROWS], np.float32),
}
RT_DETR: dict[str, Any] = {"labels": LABELS[None], "boxes": BOXES[None], "scores": SCORES[None]}
DYNAMIC: dict[str, Any] = {
    "frame": (1, 3, "height", "width"),
    "declared": {"boxes": ("n", 4), "labels": ("n",), "scores": ("n",)},
}
SSDLITE = {
    "head.classification_head.module_list.0.1.weight": (6 * 91, 8, 1, 1),
    "head.regression_head.module_list.0.1.weight": (6 * 4, 8, 1, 1),
}


def _guesses(
    folder: Path, outputs: Mapping[str, npt.NDArray[Any]], beside: Beside | None = None, **graph: Any
) -> list[Guess]:
    file = onnx_files.write(folder / "model.onnx", outputs, **graph)
    return boxes.guesses(graph_facts.read(file), beside or Beside())


def test_torchvision_takes_frames_in_their_own_size(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, TORCHVISION, weights=SSDLITE, **DYNAMIC)
    model, given = guess.model, guess.model.input
    assert guess.is_certain
    assert (guess.choice, model.applications) == ("boxes", ("object-detection", "body-detection"))
    assert (len(model.classes), model.classes[:4]) == (91, ("", "person", "bicycle", "car"))
    assert (given.resize, given.size, given.enlarge, given.full_decode) == ("short-side", 4096, False, True)
    assert (given.scale, given.mean, given.std, given.colour) == (1 / 255, (0, 0, 0), (1, 1, 1), "RGB")
    assert (model.output.boxes, model.output.normalised) == ("xyxy", False)


def test_torchvision_of_a_fixed_size_or_without_a_batch(tmp_path: Path) -> None:
    (fixed,) = _guesses(tmp_path, TORCHVISION, frame=(1, 3, 64, 96))
    given = fixed.model.input
    assert (given.resize, given.size, given.width, given.interpolation) == ("stretch", 64, 96, "antialiased-linear")
    (alone,) = _guesses(tmp_path, TORCHVISION, frame=(3, "height", "width"))
    assert (alone.model.input.size, alone.model.input.layout) == (4096, "NCHW")


def test_outputs_without_names_are_told_by_their_types(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, {"out0": BOXES, "out1": SCORES, "out2": LABELS})
    assert guess.because[0] == "boxes (N, 4) with labels and scores without a batch, as torchvision has them"


def test_tensorflow_takes_bytes_with_the_channels_last(tmp_path: Path) -> None:
    frame: dict[str, Any] = {"frame": (1, None, None, 3), "kind": TensorProto.UINT8}
    (guess,) = _guesses(tmp_path, TENSORFLOW, name="input_tensor", **frame)
    model, given = guess.model, guess.model.input
    assert guess.is_certain
    assert (given.layout, given.scale, given.size, given.enlarge) == ("NHWC", 1.0, 4096, False)
    assert (model.output.boxes, model.output.normalised) == ("yxyx", True)
    assert model.classes[:3] == ("", "class 1", "class 2")
    assert "nothing tells how many classes it has; --classes FILE gives names" in guess.because


def test_shapes_that_tensorflow_does_not_declare_are_those_of_a_run(tmp_path: Path) -> None:
    undeclared = dict.fromkeys(TENSORFLOW)
    (guess,) = _guesses(tmp_path, TENSORFLOW, frame=(1, None, None, 3), declared=undeclared)
    assert guess.model.output.boxes == "yxyx"


def test_tensorflow_counts_its_classes_in_scores_of_all(tmp_path: Path) -> None:
    scores = {"detection_multiclass_scores": np.zeros((1, ROWS, 91), np.float32)}
    (guess,) = _guesses(tmp_path, TENSORFLOW | scores, frame=(1, None, None, 3))
    assert guess.model.classes[:2] == ("", "person")


def test_rt_detr_with_original_sizes_is_stretched(tmp_path: Path) -> None:
    weights = {"model.decoder.dec_score_head.0.bias": (80,), "model.decoder.dec_score_head.1.bias": (80,)}
    sizes: dict[str, Any] = {"also": {"orig_target_sizes": ("N", 2)}, "weights": weights}
    (guess,) = _guesses(tmp_path, RT_DETR, frame=("N", 3, 64, 64), **sizes)
    assert guess.is_certain
    assert guess.model.input.also == {"orig_target_sizes": "network-size"}
    assert (guess.model.input.resize, guess.model.input.size) == ("stretch", 64)
    assert guess.model.classes[:2] == ("person", "bicycle")
    (dynamic,) = _guesses(tmp_path, RT_DETR, frame=("N", 3, "h", "w"), **sizes)
    assert dynamic.model.input.size == 640


def test_mmdeploy_has_the_score_behind_the_box(tmp_path: Path) -> None:
    outputs: dict[str, Any] = {"dets": np.zeros((1, ROWS, 5), np.float32), "labels": LABELS[None]}
    (guess,) = _guesses(tmp_path, outputs, frame=("b", 3, "h", "w"))
    given = guess.model.input
    assert (given.size, given.max_long_side, given.stride) == (800, 1333, 32)
    assert (given.scale, given.mean) == (1.0, (123.675, 116.28, 103.53))
    assert guess.model.classes[0] == "class 0"


@pytest.mark.parametrize(("factor", "normalised"), [(1, False), (0.01, True)])
def test_a_trial_tells_pixels_from_shares(tmp_path: Path, factor: float, normalised: bool) -> None:
    outputs = RT_DETR | {"boxes": BOXES[None] * np.float32(factor)}
    file = onnx_files.write(tmp_path / "mine.onnx", outputs)
    assert [guess.choice for guess in boxes.guesses(graph_facts.read(file), Beside())] == [
        "boxes:pixels",
        "boxes:shares",
    ]
    assert recognise(file).model.output.normalised is normalised


def test_an_empty_answer_is_asked_for(tmp_path: Path) -> None:
    file = onnx_files.write(tmp_path / "mine.onnx", RT_DETR | {"scores": SCORES[None] * 0})
    with pytest.raises(RecognitionError, match=r"may be one of 2: boxes:pixels .*boxes:shares .*--head NAME"):
        recognise(file)
    assert recognise(file, head="boxes:shares").model.output.normalised


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (("", "hat", "vest"), ("", "hat", "vest")),
        (("hat", "vest"), ("", "hat", "vest")),  # without the background
    ],
)
@pytest.mark.parametrize("weights", [{}, {"roi_heads.box_predictor.cls_score.bias": (3,)}])
def test_a_file_names_the_classes(
    tmp_path: Path, named: tuple[str, ...], expected: tuple[str, ...], weights: dict[str, Any]
) -> None:
    beside = Beside(classes=named, classes_from="labels.txt")
    (guess,) = _guesses(tmp_path, TORCHVISION, beside, weights=weights)
    assert guess.model.classes == expected


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    beside = Beside(classes=("a", "b", "c", "d", "e"), classes_from="labels.txt")
    with pytest.raises(RecognitionError, match=r"labels\.txt names 5 classes, and the network has 2"):
        _guesses(tmp_path, TORCHVISION, beside, weights={"roi_heads.box_predictor.cls_score.bias": (3,)})


@pytest.mark.parametrize(
    ("outputs", "graph"),
    [
        ({"boxes": BOXES, "scores": SCORES}, {}),
        ({"boxes": BOXES[None], "scores": np.zeros((1, ROWS, 80), np.float32)}, {}),
        (TORCHVISION, {"frame": (1, 8)}),
        (RT_DETR, {"also": {"im_shape": (1, 2)}}),
        (RT_DETR, {"also": {"orig_target_sizes": (1, 2), "scale_factor": (1, 2)}}),
        ({"output0": np.zeros((1, 84, 126), np.float32)}, {}),
        ({"label": LABELS, "probabilities": BOXES}, {}),  # a table's model of four classes
    ],
)
def test_other_networks_are_left_to_other_heads(tmp_path: Path, outputs: dict[str, Any], graph: dict[str, Any]) -> None:
    assert _guesses(tmp_path, outputs, **graph) == []
