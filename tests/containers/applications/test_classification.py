"""Classification from bytes to JSON, over a tiny network that tells colours."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import model_folder
from ipc_ai_serving.applications import classification
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.models.classifier import Classifier
from ipc_ai_serving.models.detector import Detector
from tests.tiny_models import write_classifier, write_yolox_onnx

APPLICATION = "image-classification"


def _folder(name: str, folder: Path, application: str = APPLICATION) -> model_folder.ModelFolder:
    return model_folder.find(
        name, application, model_dir=folder, model_store=Path("/nonexistent"), catalogue=catalogue.load()
    )


def _of(colour: tuple[int, int, int], width: int = 120, height: int = 80) -> npt.NDArray[np.uint8]:
    """A frame of one colour, blue first."""
    return np.full((height, width, 3), colour, np.uint8)


def _answer(model: Classifier, body: bytes, content_type: str | None = "image/png") -> dict[str, Any]:
    text, kind = classification.output_fn(
        classification.predict_fn(classification.input_fn(body, content_type), model), "application/json"
    )
    assert kind == "application/json"
    document: dict[str, Any] = json.loads(text)
    return document


def _png(frame: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", frame)[1].tobytes()


RED = _png(_of((0, 0, 255)))


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Classifier]:
    def loaded(**graph: Any) -> Classifier:
        write_classifier(tmp_path, **graph)
        return Classifier.load(_folder("colours", tmp_path), threads=1)

    return loaded


def test_the_answer_names_the_classes_best_first(load: Callable[..., Classifier]) -> None:
    answer = _answer(load(), _png(_of((0, 102, 204))))
    assert list(answer) == ["width", "height", "channels", "labels", "scores"]
    assert (answer["width"], answer["height"], answer["channels"]) == (120, 80, 3)
    assert answer["labels"] == ["red", "green", "blue"]  # the background is never answered
    powers = [math.exp(8), math.exp(4), 1, 1]
    assert answer["scores"] == pytest.approx([power / sum(powers) for power in powers[:3]], abs=1e-4)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({"layout": "NHWC"}, math.exp(10) / (math.exp(10) + 3)),
        ({"as_maps": True}, math.exp(10) / (math.exp(10) + 3)),
        ({"last": "Softmax", "activation": "none"}, math.exp(10) / (math.exp(10) + 3)),
        ({"activation": "sigmoid"}, 1 / (1 + math.exp(-10))),
        ({"last": "Sigmoid", "activation": "none"}, 1 / (1 + math.exp(-10))),
    ],
)
def test_every_form_of_output(load: Callable[..., Classifier], graph: dict[str, Any], expected: float) -> None:
    answer = _answer(load(**graph), RED)
    assert answer["labels"][0] == "red"
    assert answer["scores"][0] == pytest.approx(expected, abs=1e-4)


def test_the_middle_of_the_frame_counts(load: Callable[..., Classifier]) -> None:
    frame = _of((255, 0, 0), width=300, height=100)
    frame[:, 100:200] = (0, 255, 0)
    assert _answer(load(), _png(frame))["labels"][0] == "green"


def test_options(load: Callable[..., Classifier]) -> None:
    model = load()
    assert _answer(model, RED, "image/png; max_results=1")["labels"] == ["red"]
    assert _answer(model, RED, "image/png; min_confidence=0.5")["labels"] == ["red"]
    assert _answer(model, RED, "image/png; classes=Blue%2Cgreen")["labels"] == ["green", "blue"]
    document = {"image_bytes": base64.b64encode(RED).decode(), "classes": ["blue"], "max_results": 2}
    narrowed = _answer(model, json.dumps(document).encode(), "application/json")
    assert narrowed["labels"] == ["blue"]
    assert narrowed["scores"] == pytest.approx([1 / (math.exp(10) + 3)], abs=1e-5)  # as among all classes


def test_five_classes_are_answered_by_default(load: Callable[..., Classifier]) -> None:
    model = load()
    many = classification.ClassificationRequest(RED, None, min_confidence=0, max_results=7, classes=())
    assert classification.input_fn(RED, None).max_results == 5
    scores = np.linspace(0, 1, 20, dtype=np.float32)
    assert classification._best(scores, None, many) == list(range(19, 12, -1))
    assert model.classes.known == ["red", "green", "blue"]


def test_an_unknown_class_has_the_nearest(load: Callable[..., Classifier]) -> None:
    with pytest.raises(ClientError, match="'gren', which this model does not answer, did you mean 'green'"):
        _answer(load(), RED, "image/png; classes=gren")


def test_several_frames(load: Callable[..., Classifier]) -> None:
    frames = [base64.b64encode(_png(_of(colour))).decode() for colour in ((0, 0, 255), (255, 0, 0))]
    answer = _answer(load(), json.dumps({"images_bytes": frames, "max_results": 1}).encode(), "application/json")
    assert [result["labels"] for result in answer["results"]] == [["red"], ["blue"]]


def test_a_model_without_names_has_numbers(tmp_path: Path) -> None:
    write_classifier(tmp_path)
    document = json.loads((tmp_path / "model.json").read_text())
    del document["classes"]
    (tmp_path / "model.json").write_text(json.dumps(document))
    model = Classifier.load(_folder("colours", tmp_path), threads=1)
    assert _answer(model, RED)["labels"] == ["class 0", "class 1", "class 2", "class 3"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"classes": ["red", "green"]}, "its output has 4 values, and classes has 2 names; the head 'classes' reads"),
        ({"output": {"activation": "none"}}, "is no probability from 0 to 1; the head 'classes' reads"),
        ({"head": "yolox"}, "colours is no classifier: its role is 'classifier' and its head 'yolox'"),
        ({"role": "detector"}, "colours is no classifier: its role is 'detector'"),
    ],
)
def test_a_network_that_is_described_wrongly_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    write_classifier(tmp_path)
    document = json.loads((tmp_path / "model.json").read_text()) | change
    if "output" in change:  # of a frame that is not black the logits are none
        document["input"]["mean"] = [-1, -1, -1]
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(ModelLoadError, match=says):
        Classifier.load(_folder("colours", tmp_path), threads=1)


def test_a_detector_is_no_classifier_and_the_other_way_round(tmp_path: Path) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano.onnx")
    with pytest.raises(ModelLoadError, match="deploy it as applicationType=body-detection"):
        Classifier.load(_folder("yolox_nano", tmp_path), threads=1)
    write_classifier(tmp_path / "colours")
    with pytest.raises(ModelLoadError, match=r"colours is a classifier, .*applicationType=image-classification"):
        Detector.load(_folder("colours", tmp_path, "object-detection"), threads=1)
