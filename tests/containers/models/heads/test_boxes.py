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
from ipc_ai_serving.models.heads import boxes

Outputs = dict[str, npt.NDArray[Any]]

SHAPE = (1, 3, 100, 200)
CLASSES = ("", "person", "car")
PIXELS = np.array([[10, 20, 30, 40], [50, 60, 70, 80], [90, 10, 110, 50]], np.float32)
SCORES = np.array([0.5, 0.9, 0.005], np.float32)
LABELS = np.array([1, 2, 1])
SHARES = PIXELS[:, [1, 0, 3, 2]] / np.array([100, 200, 100, 200], np.float32)
TORCHVISION: Outputs = {"boxes": PIXELS, "labels": LABELS, "scores": SCORES}
TENSORFLOW: Outputs = {
    "detection_boxes": SHARES[None],
    "detection_classes": LABELS[None].astype(np.float32),
    "detection_scores": SCORES[None],
    "num_detections": np.array([3], np.float32),
    "raw_detection_boxes": np.zeros((1, 9, 4), np.float32),
    "detection_multiclass_scores": np.zeros((1, 3, 91), np.float32),
    "detection_anchor_indices": np.zeros((1, 3), np.float32),
}


def _model(classes: tuple[str, ...] = CLASSES, target_class: int | None = None, **output: Any) -> Model:
    return dataclasses.replace(
        catalogue.load().model("yolox_nano"),
        head="boxes",
        classes=classes,
        target_class=target_class,
        output=ModelOutput(**output),
    )


OF_TENSORFLOW = _model(boxes="yxyx", normalised=True)


@pytest.mark.parametrize(
    ("outputs", "model"),
    [
        (TORCHVISION, _model()),
        ({"scores": SCORES, "boxes": PIXELS, "labels": LABELS}, _model()),
        ({"boxes": PIXELS, "labels": SCORES, "scores": LABELS}, _model()),  # torchvision's names in another order
        ({"out0": PIXELS, "out1": SCORES, "out2": LABELS}, _model()),
        ({"out0": PIXELS, "out1": SCORES, "out2": LABELS.astype(np.float32)}, _model()),
        ({"labels": LABELS[None], "boxes": PIXELS[None], "scores": SCORES[None]}, _model()),  # RT-DETR
        ({"dets": np.column_stack([PIXELS, SCORES])[None], "labels": LABELS[None]}, _model()),  # MMDeploy
        (TENSORFLOW, OF_TENSORFLOW),
        ({f"{name}:0": output for name, output in TENSORFLOW.items()}, OF_TENSORFLOW),
    ],
)
def test_layouts_are_told_by_type_shape_and_name(outputs: Outputs, model: Model) -> None:
    heads.check("boxes", outputs, model, SHAPE)
    found = boxes.decode(outputs, model, SHAPE)
    assert found.boxes.tolist() == [pytest.approx([50, 60, 70, 80]), pytest.approx([10, 20, 30, 40])]
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])
    assert found.classes is not None
    assert found.classes.tolist() == [2, 1]


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_a_batch_of_any_number_of_rows(count: int) -> None:
    """Labels (1, 4) look like one box; those of the batch are told by their three sides."""
    rows = np.arange(4 * count, dtype=np.float32).reshape(1, count, 4)
    rows[..., 2:] += 50
    outputs: Outputs = {
        "labels": np.ones((1, count), np.int64),
        "boxes": rows,
        "scores": np.full((1, count), 0.5, np.float32),
        "num": np.array([[count]], np.int32),
    }
    heads.check("boxes", outputs, _model(), SHAPE)
    assert boxes.decode(outputs, _model(), SHAPE).boxes.tolist() == rows[0].tolist()


def test_rows_beyond_the_number_that_the_network_tells_are_left_out() -> None:
    outputs = TENSORFLOW | {"num_detections": np.array([1], np.float32)}
    assert boxes.decode(outputs, OF_TENSORFLOW, SHAPE).scores.tolist() == [0.5]


def test_rows_of_padding_are_left_out() -> None:
    rows = np.array([[-1, -1, -1, -1], [np.nan] * 4, [5, np.inf, 5, 9], [1, 2, 3, 4]], np.float32)
    labels = np.array([-1, np.nan, 1, 1], np.float32)
    outputs = {"boxes": rows, "labels": labels, "scores": np.array([0.9, np.nan, 0.9, 0.4], np.float32)}
    heads.check("boxes", outputs, _model(), SHAPE)
    found = boxes.decode(outputs, _model(), SHAPE)
    assert found.boxes.tolist() == [[1, 2, 3, 4]]


def test_only_wanted_classes_are_answered() -> None:
    found = boxes.decode(TORCHVISION, _model(), SHAPE, np.array([False, True, False]))
    assert found.scores.tolist() == [0.5]


def test_without_names_the_target_class_is_answered_without_an_index() -> None:
    found = boxes.decode(TORCHVISION, _model((), 2), SHAPE)
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.classes is None


def test_at_most_three_hundred_are_answered() -> None:
    outputs = {
        "boxes": np.tile(PIXELS[:1], (400, 1)),
        "labels": np.ones(400, np.int64),
        "scores": np.linspace(0.1, 0.9, 400, dtype=np.float32),
    }
    found = boxes.decode(outputs, _model(), SHAPE)
    assert len(found.scores) == 300
    assert found.scores[0] == np.float32(0.9)


def test_a_label_without_a_name_is_an_error_of_any_frame() -> None:
    with pytest.raises(ModelLoadError, match="it answers label 2, and classes has 2 names, from label 0 on"):
        boxes.decode(TORCHVISION, _model(("", "person")), SHAPE)


@pytest.mark.parametrize(
    ("outputs", "model", "says"),
    [
        (TORCHVISION, _model(("", "person")), "it answers label 2, and classes has 2 names"),
        (TORCHVISION, _model(()), "classes has no names, and target_class is null"),
        (TORCHVISION | {"scores": SCORES * 9}, _model(), "a score of 8.1 is no probability"),
        (TORCHVISION | {"scores": SCORES * 0 + 0.5}, _model(normalised=True), "reaches to 110, so boxes are in pixels"),
        (
            TORCHVISION | {"boxes": PIXELS / 200, "scores": SCORES * 0 + 0.5},
            _model(),
            r"no box reaches beyond 0.55, so boxes are shares of the frame",
        ),
        (
            TORCHVISION | {"boxes": PIXELS[:, [2, 3, 0, 1]], "scores": SCORES * 0 + 0.5},
            _model(),
            "most boxes end before they begin",
        ),
        ({"boxes": PIXELS, "scores": SCORES}, _model(), "no one output of labels"),
        ({"boxes": PIXELS, "labels": LABELS}, _model(), "no one output of scores"),
        ({"labels": LABELS, "scores": SCORES}, _model(), "no one output of boxes"),
        ({"a": PIXELS, "b": PIXELS, "labels": LABELS, "scores": SCORES}, _model(), "no one output of boxes"),
        ({"boxes": PIXELS, "a": LABELS, "b": LABELS}, _model(), "no one output of labels"),
        ({"boxes": PIXELS[None], "scores": np.zeros((1, 3, 80), np.float32)}, _model(), "no one output of labels"),
        ({"output0": np.zeros((1, 84, 8400), np.float32)}, _model(), "no one output of boxes among output0"),
    ],
)
def test_outputs_of_another_network_are_refused(outputs: Outputs, model: Model, says: str) -> None:
    with pytest.raises(ModelLoadError, match=rf"^the network does not fit .*{says}.*; the head 'boxes' reads boxes"):
        heads.check("boxes", outputs, model, SHAPE)
