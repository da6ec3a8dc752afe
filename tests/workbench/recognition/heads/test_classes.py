"""Classifiers, over tiny networks that tell colours."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ipc_ai_catalogue import class_names
from tests.tiny_models import COLOURS, write_classifier_onnx
from tests.workbench.recognition import onnx_files
from workbench.errors import RecognitionError
from workbench.recognition import graph_facts, recognised
from workbench.recognition.guess import Beside, Guess
from workbench.recognition.heads import arcface, classes

ULTRALYTICS = {
    "description": "Ultralytics YOLO11n-cls model",
    "author": "Ultralytics",
    "license": "AGPL-3.0 License (https://ultralytics.com/license)",
    "stride": "1",
    "task": "classify",
    "imgsz": "[64, 64]",
    "names": "{0: 'red', 1: 'green', 2: 'blue', 3: 'grey'}",
}


def _guess(path: Path, **beside: Any) -> Guess:
    (guess,) = classes.guesses(graph_facts.read(path), Beside(**beside))
    return guess


def _colours(tmp_path: Path, metadata: dict[str, str] | None = None, **graph: Any) -> Path:
    path = tmp_path / "colours.onnx"
    write_classifier_onnx(path, **graph)
    if metadata:
        model = onnx.load(str(path))
        onnx.helper.set_model_props(model, metadata)
        onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    ("graph", "activation", "says"),
    [
        ({}, "softmax", "its numbers are logits"),
        ({"as_maps": True}, "softmax", "its numbers are logits"),
        ({"last": "LogSoftmax"}, "softmax", "its numbers are logits"),
        ({"last": "Softmax"}, "none", "probabilities, which sum to 1"),
        ({"last": "Sigmoid"}, "none", "probabilities of classes that may come together"),
        ({"layout": "NHWC"}, "softmax", "its numbers are logits"),
    ],
)
def test_numbers_are_logits_or_probabilities(tmp_path: Path, graph: dict[str, Any], activation: str, says: str) -> None:
    guess = _guess(_colours(tmp_path, **graph))
    assert guess.model.output.activation == activation
    assert says in " ".join(guess.because)
    assert (guess.model.role, guess.model.head) == ("classifier", "classes")
    assert guess.model.applications == ("image-classification",)
    assert guess.model.classes == ("class 0", "class 1", "class 2", "class 3")


def test_logits_of_classes_that_may_come_together(tmp_path: Path) -> None:
    guess = _guess(_colours(tmp_path), config={"problem_type": "multi_label_classification"})
    assert guess.model.output.activation == "sigmoid"


def test_ultralytics_metadata_name_the_classes_and_the_cut(tmp_path: Path) -> None:
    guess = _guess(_colours(tmp_path, ULTRALYTICS, last="Softmax"))
    assert guess.model.classes == ("red", "green", "blue", "grey")
    assert guess.model.licence.spdx == "AGPL-3.0-only"
    taken = guess.model.input
    assert (taken.resize, taken.size, taken.crop_from) == ("centre-crop", 64, 64)
    assert (taken.mean, taken.std, taken.scale) == ((0, 0, 0), (1, 1, 1), 1 / 255)


@pytest.mark.parametrize(
    "config",
    [
        {"id2label": {"3": "grey", "0": "red", "1": "green", "2": "blue"}},
        {"label_names": ["red", "green", "blue", "grey"]},
        {"pretrained_cfg": {"label_names": ["red", "green", "blue", "grey"]}},
    ],
)
def test_names_of_hugging_face_and_timm(tmp_path: Path, config: dict[str, Any]) -> None:
    assert _guess(_colours(tmp_path), config=config).model.classes == ("red", "green", "blue", "grey")


@pytest.mark.parametrize(
    "beside",
    [
        {"config": {"id2label": {"0": "red", "1": "green"}}},
        {"classes": ("red", "green"), "classes_from": "labels.txt"},
    ],
)
def test_another_number_of_names_is_refused(tmp_path: Path, beside: dict[str, Any]) -> None:
    with pytest.raises(RecognitionError, match="names 2 classes, and the network"):
        _guess(_colours(tmp_path), **beside)


def test_metadata_with_another_number_of_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecognitionError, match=r"metadata .* names 2 classes, and the network answers 4"):
        _guess(_colours(tmp_path, ULTRALYTICS | {"names": "{0: 'red', 1: 'green'}"}))


@pytest.mark.parametrize("count", [1000, 1001])
def test_imagenet_with_and_without_a_background(tmp_path: Path, count: int) -> None:
    scores = np.random.default_rng(0).normal(size=(1, count)).astype(np.float32)
    path = onnx_files.write(tmp_path / "net.onnx", {"logits": scores}, frame=("b", 3, 224, 224))
    guess = _guess(path)
    assert guess.model.classes[-1000:] == class_names.of_data_set("imagenet")
    assert guess.model.classes[: count - 1000] == ("",) * (count - 1000)
    names = tuple(f"name {index}" for index in range(1000))
    assert _guess(path, classes=names, classes_from="labels.txt").model.classes[-1000:] == names


def test_an_embedder_of_faces_may_be_one_or_the_other(tmp_path: Path) -> None:
    vector = np.random.default_rng(0).normal(size=(1, 512)).astype(np.float32)
    path = onnx_files.write(tmp_path / "net.onnx", {"fc1": vector}, frame=(1, 3, 112, 112), operators=["Softmax"])
    graph = graph_facts.read(path)
    both = [*arcface.guesses(graph, Beside()), *classes.guesses(graph, Beside())]
    assert [guess.is_certain for guess in both] == [False, False]
    with pytest.raises(RecognitionError, match=r"may be one of 2: arcface .*; classes .*; say which with --head"):
        recognised.recognise(path)
    assert recognised.recognise(path, head="classes").model.role == "classifier"
    named = dataclasses.replace(Beside(), classes=tuple(map(str, range(512))), classes_from="labels.txt")
    (guess,) = classes.guesses(graph, named)
    assert guess.is_certain


@pytest.mark.parametrize(
    ("outputs", "frame"),
    [
        ({"out": (1, 1)}, (1, 3, 64, 64)),  # one number
        ({"out": (5, 6)}, (1, 3, 64, 64)),  # rows of boxes
        ({"out": (1, 4, 8, 8)}, (1, 3, 64, 64)),  # maps
        ({"out": (1, 5, 4)}, (1, 3, 64, 64)),
        ({"out": (1, 4), "more": (1, 4)}, (1, 3, 64, 64)),
        ({"out": (1, 4)}, (1, 6, 64, 64)),
    ],
)
def test_other_networks_are_no_classifiers(
    tmp_path: Path, outputs: dict[str, tuple[int, ...]], frame: tuple[int, ...]
) -> None:
    arrays = {name: np.full(shape, 0.3, np.float32) for name, shape in outputs.items()}
    path = onnx_files.write(tmp_path / "net.onnx", arrays, frame=frame)
    assert classes.guesses(graph_facts.read(path), Beside()) == []


def test_a_classifier_is_recognised_and_answers(tmp_path: Path) -> None:
    found = recognised.recognise(_colours(tmp_path, ULTRALYTICS, last="Softmax"))
    assert found.model.classes[:3] == COLOURS[:3]
    assert found.model.name == "colours"
