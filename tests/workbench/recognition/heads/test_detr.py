from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_catalogue import class_names
from tests.workbench.recognition import onnx_files
from workbench.errors import RecognitionError
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside, Guess
from workbench.recognition.heads import detr
from workbench.recognition.recognised import recognise

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
FIXED, DYNAMIC = (1, 3, 64, 96), ("batch", 3, "height", "width")
PROCESSOR = {
    "image_processor_type": "DetrImageProcessor",
    "do_resize": True,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
    "resample": 3,
    "size": {"shortest_edge": 600, "longest_edge": 1000},
}
PETS = {"id2label": {"0": "cat", "1": "N/A", "2": "person"}}


def _outputs(count: int, queries: int = 9, names: tuple[str, str] = ("logits", "pred_boxes")) -> dict[str, Any]:
    logits = np.full((1, queries, count), -3, np.float32)
    return {names[0]: logits, names[1]: np.full((1, queries, 4), 0.5, np.float32)}


def _guesses(
    folder: Path, outputs: Mapping[str, npt.NDArray[Any]], beside: Beside | None = None, **graph: Any
) -> list[Guess]:
    file = onnx_files.write(folder / "model.onnx", outputs, **graph)
    return detr.guesses(graph_facts.read(file), beside or Beside())


@pytest.mark.parametrize(
    ("model_type", "logits", "activation", "variant", "most"),
    [
        ("detr", 4, "softmax", "softmax", 9),
        ("yolos", 4, "softmax", "yolos", 9),
        ("conditional_detr", 3, "sigmoid", "deformable", 100),
        ("deformable_detr", 3, "sigmoid", "deformable", 100),
        ("dab-detr", 3, "sigmoid", "deformable", 100),
        ("rt_detr", 3, "sigmoid", "rt-detr", 9),
        ("rt_detr_v2", 3, "sigmoid", "rt-detr", 9),
        ("d_fine", 3, "sigmoid", "rt-detr", 9),
        ("rf_detr", 3, "sigmoid", "rf-detr", 9),
    ],
)
def test_the_configuration_tells_the_kind_and_the_names(
    tmp_path: Path, model_type: str, logits: int, activation: str, variant: str, most: int
) -> None:
    beside = Beside(config={"model_type": model_type, **PETS})
    (guess,) = _guesses(tmp_path, _outputs(logits), beside, name="pixel_values")
    assert guess.is_certain
    assert (guess.model.head, guess.choice) == ("detr", f"detr:{variant}")
    assert guess.model.classes == ("cat", "", "person")
    assert guess.model.applications == ("object-detection", "body-detection")
    output = guess.model.output
    assert (output.activation, output.boxes, output.normalised, output.most) == (activation, "cxcywh", True, most)
    assert f"config.json says {model_type}" in guess.because


def test_the_processor_tells_the_preprocessing(tmp_path: Path) -> None:
    beside = Beside(config={"model_type": "detr", **PETS}, processor=PROCESSOR)
    (guess,) = _guesses(tmp_path, _outputs(4), beside, frame=DYNAMIC, also={"pixel_mask": ("b", "h", "w")})
    given = guess.model.input
    assert (given.resize, given.sides, given.size, given.max_long_side, given.stride) == (
        "short-side",
        "cut",
        600,
        1000,
        1,
    )
    assert (given.mean, given.std, given.scale) == ((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), 1 / 255)
    assert (given.interpolation, given.colour, given.full_decode) == ("tensor-cubic", "RGB", True)
    assert given.also == {"pixel_mask": "ones-mask"}
    assert guess.because[-1] == "preprocessor_config.json: short side 600 and long side at most 1000 pixels"


@pytest.mark.parametrize(
    ("processor", "frame", "expected"),
    [
        ({"size": 800, "max_size": 1333}, DYNAMIC, ("short-side", 800, None, 1333)),  # of older files
        ({"size": {"height": 320, "width": 480}}, DYNAMIC, ("stretch", 320, 480, 480)),
        ({"size": {"height": 640, "width": 640}}, DYNAMIC, ("stretch", 640, None, 640)),
        ({"size": {"shortest_edge": 800, "longest_edge": 1333}}, FIXED, ("stretch", 64, 96, 96)),
        ({}, DYNAMIC, ("short-side", 800, None, 1333)),
        ({}, FIXED, ("stretch", 64, 96, 96)),
    ],
)
def test_sizes_of_the_processor_and_of_the_graph(
    tmp_path: Path, processor: dict[str, Any], frame: tuple[Any, ...], expected: tuple[Any, ...]
) -> None:
    beside = Beside(config={"model_type": "detr", **PETS}, processor=processor)
    (guess,) = _guesses(tmp_path, _outputs(4), beside, frame=frame)
    given = guess.model.input
    assert (given.resize, given.size, given.width, given.max_long_side) == expected
    assert (given.mean, given.interpolation) == (IMAGENET["mean"], "tensor-linear")


def test_yolos_cuts_sides_to_multiples_of_sixteen(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, _outputs(4), Beside(config={"model_type": "yolos", **PETS}), frame=DYNAMIC)
    assert (guess.model.input.stride, guess.model.input.sides) == (16, "cut")


def test_rt_detr_is_not_normalised(tmp_path: Path) -> None:
    processor = PROCESSOR | {"image_processor_type": "RTDetrImageProcessor", "do_normalize": False}
    beside = Beside(processor=processor | {"size": {"height": 640, "width": 640}, "resample": 2})
    (guess,) = _guesses(tmp_path, _outputs(5), beside, frame=DYNAMIC)
    assert guess.is_certain
    given = guess.model.input
    assert (given.mean, given.std, given.scale) == ((0, 0, 0), (1, 1, 1), 1 / 255)
    assert (given.resize, given.size, given.interpolation) == ("stretch", 640, "tensor-linear")


@pytest.mark.parametrize(
    ("count", "variant", "activation", "names"),
    [
        (92, "softmax", "softmax", "coco-91"),
        (91, "deformable", "sigmoid", "coco-91"),
        (80, "rt-detr", "sigmoid", "coco"),
    ],
)
def test_the_number_of_logits_tells_the_kind_of_cocos(
    tmp_path: Path, count: int, variant: str, activation: str, names: str
) -> None:
    (guess,) = _guesses(tmp_path, _outputs(count))
    assert (guess.variant, guess.model.output.activation) == (variant, activation)
    assert guess.model.classes == class_names.of_data_set(names)


def test_rf_detr_is_told_by_the_names_of_its_outputs(tmp_path: Path) -> None:
    outputs = _outputs(91, names=("labels", "dets"))
    (guess,) = _guesses(tmp_path, {name: outputs[name] for name in ("dets", "labels")}, name="input")
    assert guess.is_certain
    assert guess.choice == "detr:rf-detr"
    given = guess.model.input
    assert (given.interpolation, given.resize, given.mean) == ("float-linear", "stretch", IMAGENET["mean"])
    assert guess.model.classes[1] == "person"


@pytest.mark.parametrize("named", [("helmet", "vest"), ("helmet", "vest", "")])
def test_rf_detr_of_ones_own_has_a_last_class_for_no_object(tmp_path: Path, named: tuple[str, ...]) -> None:
    beside = Beside(classes=named, classes_from="labels.txt")
    (guess,) = _guesses(tmp_path, _outputs(3, names=("labels", "dets")), beside)
    assert guess.model.classes == ("helmet", "vest", "")


def test_other_numbers_of_logits_are_asked_for(tmp_path: Path) -> None:
    file = onnx_files.write(tmp_path / "mine.onnx", _outputs(5))
    guesses = detr.guesses(graph_facts.read(file), Beside())
    assert [guess.choice for guess in guesses] == ["detr:softmax", "detr:rt-detr", "detr:deformable"]
    assert not any(guess.is_certain for guess in guesses)
    assert [len(guess.model.classes) for guess in guesses] == [4, 5, 5]
    with pytest.raises(RecognitionError, match=r"may be one of 3: detr:softmax .*say which with --head NAME"):
        recognise(file)
    chosen = recognise(file, head="detr:rt-detr").model
    assert (chosen.output.activation, chosen.input.mean) == ("sigmoid", (0, 0, 0))


def test_the_number_of_names_tells_whether_one_class_means_no_object(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, _outputs(5), Beside(classes=("a", "b", "c", "d"), classes_from="labels.txt"))
    assert guess.choice == "detr:softmax"
    assert guess.model.classes == ("a", "b", "c", "d")
    with pytest.raises(RecognitionError, match=r"labels\.txt names 3 classes, and the network has 5"):
        _guesses(tmp_path, _outputs(5), Beside(classes=("a", "b", "c"), classes_from="labels.txt"))


def test_files_of_hugging_face_are_read_beside_the_graph(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    onnx_files.write(tmp_path / "onnx" / "model.onnx", _outputs(4), frame=DYNAMIC)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "deformable_detr", **PETS, "id2label": {
        "0": "cat", "1": "dog", "2": "person", "3": "hat"}}))  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    found = recognise(tmp_path / "onnx" / "model.onnx")
    assert found.model.classes == ("cat", "dog", "person", "hat")
    assert found.model.input.size == 600


@pytest.mark.parametrize(
    ("outputs", "graph"),
    [
        ({"boxes": np.zeros((1, 4420, 4), np.float32), "scores": np.zeros((1, 4420, 2), np.float32)}, {}),  # anchors
        (_outputs(4, names=("raw_detection_scores", "raw_detection_boxes")), {}),
        (_outputs(4), {"also": {"input_ids": (1, 8)}}),  # Grounding DINO
        (_outputs(4), {"frame": (1, 8)}),
        ({"pred_boxes": np.zeros((1, 9, 4), np.float32)}, {}),
    ],
)
def test_other_networks_are_left_to_other_heads(tmp_path: Path, outputs: dict[str, Any], graph: dict[str, Any]) -> None:
    assert _guesses(tmp_path, outputs, **graph) == []


def test_outputs_of_layers_before_are_passed_over(tmp_path: Path) -> None:
    outputs = {
        **_outputs(80),
        "last_hidden_state": np.zeros((1, 9, 64), np.float32),
        "init_reference_points": np.zeros((1, 9, 4), np.float32),
        "enc_outputs_class": np.zeros((1, 50, 80), np.float32),
        "intermediate_logits": np.zeros((1, 2, 9, 80), np.float32),
    }
    (guess,) = _guesses(tmp_path, outputs)
    assert guess.because[0] == "logits and pred_boxes have 80 logits and a box for each query"


def test_logits_without_a_number_are_counted_by_the_names(tmp_path: Path) -> None:
    declared = {"logits": ("batch", "queries", "classes"), "pred_boxes": ("batch", "queries", "Gatherpred_boxes_dim_2")}
    beside = Beside(config={"model_type": "detr", "num_queries": 50, **PETS})
    (guess,) = _guesses(tmp_path, _outputs(4), beside, declared=declared)
    assert (len(guess.model.classes), guess.model.output.most) == (3, 50)
    assert _guesses(tmp_path, _outputs(4), Beside(), declared=declared) == []
