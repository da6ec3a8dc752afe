from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model, ModelOutput
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.models import heads
from ipc_ai_serving.models.heads import detr

SHAPE = (1, 3, 100, 200)
CLASSES = ("person", "car", "dog")


def _model(activation: str, classes: tuple[str, ...] = CLASSES, **changes: Any) -> Model:
    output = ModelOutput(activation=activation, boxes="cxcywh", normalised=True, most=changes.pop("most", None))
    return dataclasses.replace(
        catalogue.load().model("yolox_nano"), head="detr", classes=classes, output=output, target_class=None, **changes
    )


def _logits(*rows: list[float]) -> npt.NDArray[np.float32]:
    return np.array([rows], np.float32)


BOXES = np.array([[[0.5, 0.5, 0.2, 0.4], [0.25, 0.25, 0.1, 0.1], [0.0, 1.0, 0.5, 0.5]]], np.float32)
SOFTMAX = {"logits": _logits([4, 1, 0, 0], [0, 0, 2, 5], [0, 3, 0, 3]), "pred_boxes": BOXES}
SIGMOID = {"logits": _logits([2, -9, 0], [-9, 1, -9], [-9, -9, -9]), "pred_boxes": BOXES}


def test_softmax_gives_each_query_its_best_class() -> None:
    found = detr.decode(SOFTMAX, _model("softmax"), SHAPE)
    assert found.classes is not None
    assert found.classes.tolist() == [0, 1, 2]
    exponentials = np.exp(SOFTMAX["logits"][0])
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert found.scores.tolist() == pytest.approx([shares[0, 0], shares[2, 1], shares[1, 2]])
    assert found.boxes[0].tolist() == pytest.approx([80, 30, 120, 70])
    assert found.boxes[1].tolist() == pytest.approx([-50, 75, 50, 125])


def test_softmax_leaves_out_a_query_whose_best_class_is_not_wanted() -> None:
    found = detr.decode(SOFTMAX, _model("softmax"), SHAPE, np.array([False, True, True]))
    assert found.classes is not None
    assert found.classes.tolist() == [1, 2]


def test_sigmoid_gives_a_query_several_classes() -> None:
    found = detr.decode(SIGMOID, _model("sigmoid"), SHAPE)
    assert found.classes is not None
    assert found.classes.dtype == np.int64
    assert found.classes.tolist() == [0, 1, 2]
    assert found.scores.tolist() == pytest.approx([0.880797, 0.731059, 0.5])
    assert found.boxes[[0, 2]].tolist() == [pytest.approx([80, 30, 120, 70])] * 2


def test_only_wanted_classes_count_among_the_best() -> None:
    model = _model("sigmoid", most=1)
    assert detr.decode(SIGMOID, model, SHAPE).scores.tolist() == pytest.approx([0.880797])
    dogs = detr.decode(SIGMOID, model, SHAPE, np.array([False, False, True]))
    assert dogs.scores.tolist() == pytest.approx([0.5])


def test_the_best_three_hundred_pairs_are_answered() -> None:
    logits = np.linspace(-4, 4, 600, dtype=np.float32).reshape(1, 200, 3)
    outputs = {"logits": logits, "pred_boxes": np.full((1, 200, 4), 0.5, np.float32)}
    found = detr.decode(outputs, _model("sigmoid"), SHAPE)
    assert found.classes is not None
    assert found.classes[:4].tolist() == [2, 1, 0, 2]
    assert found.scores.tolist() == pytest.approx((1 / (1 + np.exp(-logits.reshape(-1)[:299:-1]))).tolist())


def test_probabilities_are_taken_as_they_are() -> None:
    outputs = {"scores": _logits([0.25, 0, 0.75], [0.009, 0, 0], [0, 0, 0]), "boxes": BOXES}
    heads.check("detr", outputs, _model("none"), SHAPE)
    assert detr.decode(outputs, _model("none"), SHAPE).scores.tolist() == [0.75, 0.25]


def test_without_names_the_target_class_is_answered_without_an_index() -> None:
    model = dataclasses.replace(_model("sigmoid", ()), target_class=1)
    heads.check("detr", SIGMOID, model, SHAPE)
    found = detr.decode(SIGMOID, model, SHAPE)
    assert found.classes is None
    assert found.scores.tolist() == pytest.approx([0.731059])


def test_boxes_that_are_no_numbers_are_left_out() -> None:
    boxes = BOXES.copy()
    boxes[0, 0, 2] = np.nan
    found = detr.decode(SIGMOID | {"pred_boxes": boxes}, _model("sigmoid"), SHAPE)
    assert found.scores.tolist() == pytest.approx([0.731059])


@pytest.mark.parametrize(
    "outputs",
    [
        {"dets": BOXES, "labels": SIGMOID["logits"]},  # RF-DETR
        {"pred_logits": SIGMOID["logits"], "pred_boxes": BOXES},
        {"4321": SIGMOID["logits"], "1234": BOXES},
        {"logits": SIGMOID["logits"], "pred_boxes": BOXES, "last_hidden_state": np.zeros((1, 3, 64), np.float32)},
        {
            "logits": SIGMOID["logits"],
            "pred_boxes": BOXES,
            "init_reference_points": np.zeros((1, 3, 4), np.float32),
            "intermediate_logits": np.zeros((1, 3, 3), np.float32),
            "enc_outputs_class": np.zeros((1, 9, 3), np.float32),
            "pred_masks": np.zeros((1, 3, 8, 8), np.float32),
        },
    ],
)
def test_outputs_are_found_by_name_or_shape(outputs: dict[str, npt.NDArray[np.float32]]) -> None:
    heads.check("detr", outputs, _model("sigmoid"), SHAPE)
    assert detr.decode(outputs, _model("sigmoid"), SHAPE).scores.tolist() == pytest.approx([0.880797, 0.731059, 0.5])


def test_four_classes_are_told_from_boxes_by_name() -> None:
    outputs = {"logits": _logits([5, 0, 0, 0], [-9, -9, -9, -9], [-9, -9, -9, -9]), "pred_boxes": BOXES}
    found = detr.decode(outputs, _model("sigmoid", ("a", "b", "c", "d")), SHAPE)
    assert found.boxes[0].tolist() == pytest.approx([80, 30, 120, 70])


@pytest.mark.parametrize(
    ("outputs", "model", "says"),
    [
        (SIGMOID, _model("softmax"), "'logits' has 3 classes, the last of which means no object, and classes has 3"),
        (SOFTMAX, _model("sigmoid"), "'logits' has 4 classes, and classes has 3 names"),
        (SIGMOID, dataclasses.replace(_model("sigmoid", ()), target_class=3), "target_class is 3"),
        (SIGMOID, _model("sigmoid", ()), "target_class is None"),
        (SIGMOID, _model("none"), "a class of 2 is no probability"),
        (SIGMOID | {"logits": _logits([0.1, 0.9, 0])}, _model("sigmoid"), "no one output of logits"),
        (SIGMOID | {"logits": SIGMOID["logits"] * 0}, _model("sigmoid"), "has probabilities already"),
        (SIGMOID | {"pred_boxes": BOXES * 640}, _model("sigmoid"), "a box has 640, which is no share of the frame"),
        (SIGMOID | {"pred_boxes": BOXES * np.nan}, _model("sigmoid"), "values that are no numbers"),
        ({"output0": np.zeros((1, 84, 8400), np.float32)}, _model("sigmoid"), "no one output of boxes among output0"),
        ({"pred_boxes": BOXES}, _model("sigmoid"), "no one output of logits"),
        ({"a": BOXES, "b": BOXES}, _model("sigmoid"), "no one output of boxes"),
    ],
)
def test_outputs_of_another_network_are_refused(
    outputs: dict[str, npt.NDArray[np.float32]], model: Model, says: str
) -> None:
    with pytest.raises(ModelLoadError, match=rf"^the network does not fit .*{says}.*; the head 'detr' reads two"):
        heads.check("detr", outputs, model, SHAPE)
