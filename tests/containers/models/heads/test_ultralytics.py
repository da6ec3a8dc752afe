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
from ipc_ai_serving.models.heads import ultralytics
from ipc_ai_serving.models.heads._grid import cells
from ipc_ai_serving.models.heads._yolo_layouts import cell_counts, fitting

SHAPE = (1, 3, 64, 96)
CELLS = 12 * 8 + 6 * 4 + 3 * 2  # of maps with steps of 8, 16 and 32 pixels
NAMES = ("person", "car", "dog")


def _model(classes: tuple[str, ...] = NAMES, target: int | None = None, **output: Any) -> Model:
    model = catalogue.load().model("yolox_nano")
    return dataclasses.replace(
        model, head="ultralytics", classes=classes, target_class=target, output=ModelOutput(**output)
    )


def _boxes() -> npt.NDArray[np.float32]:
    """(cells, 4): a box of 20 x 10 pixels in the middle of each cell."""
    corners, strides = cells(SHAPE[2], SHAPE[3], (8, 16, 32))
    return np.concatenate([(corners + 0.5) * strides, np.tile(np.array([20, 10], np.float32), (CELLS, 1))], axis=1)


def _columns(*boxes: tuple[float, ...], rest: int = 3) -> npt.NDArray[np.float32]:
    """(1, 4 + rest, cells): the given boxes and scores in the first cells; all others have a box in pixels."""
    values = np.zeros((1, 4 + rest, CELLS), np.float32)
    values[0, :4] = _boxes().T
    for cell, numbers in enumerate(boxes):
        values[0, : len(numbers), cell] = numbers
    return values


def _decoded(output: npt.NDArray[np.float32], model: Model, wanted: list[bool] | None = None) -> list[tuple[Any, ...]]:
    """Class, score and box of each detection, as a client would read them."""
    outputs = {"output0": output}
    heads.check("ultralytics", outputs, model, SHAPE)
    mask = None if wanted is None else np.array(wanted)
    found = ultralytics.decode(outputs, model, SHAPE, mask)
    classes = found.classes if found.classes is not None else [None] * len(found.scores)
    rounded = [tuple(round(float(value), 3) for value in box) for box in found.boxes]
    return [
        (kind if kind is None else int(kind), round(float(score), 4), box)
        for kind, score, box in zip(classes, found.scores, rounded, strict=True)
    ]


TWO = ((50, 40, 20, 10, 0.1, 0.6, 0.3), (30, 20, 8, 6, 0.0, 0.2, 0.75))
FOUND = [(2, 0.75, (26, 17, 34, 23)), (1, 0.6, (40, 35, 60, 45))]


def test_columns_have_the_most_probable_class_of_a_cell() -> None:
    assert _decoded(_columns(*TWO), _model()) == FOUND


def test_rows_are_read_as_columns_are() -> None:
    assert _decoded(_columns(*TWO).transpose(0, 2, 1), _model()) == FOUND


@pytest.mark.parametrize("anchors", [1, 3])
def test_objectness_multiplies(anchors: int) -> None:
    rows = np.zeros((1, anchors * CELLS, 8), np.float32)
    rows[0, :, :4] = np.tile(_boxes(), (anchors, 1))
    rows[0, 7] = [50, 40, 20, 10, 0.8, 0.1, 0.5, 0.3]
    rows[0, 9] = [30, 20, 8, 6, 0.005, 0.1, 0.2, 1]  # below the floor
    assert _decoded(rows, _model()) == [(1, 0.4, (40, 35, 60, 45))]


def test_end_to_end_rows_are_answered_as_they_are() -> None:
    rows = np.zeros((1, 50, 6), np.float32)
    rows[0, :3] = [[10, 20, 30, 40, 0.6, 1], [11, 20, 30, 40, 0.7, 1], [0, 0, 9, 9, 0.9, 2]]
    assert _decoded(rows, _model()) == [
        (2, 0.9, (0, 0, 9, 9)),
        (1, 0.7, (11, 20, 30, 40)),
        (1, 0.6, (10, 20, 30, 40)),
    ]


def test_end_to_end_boxes_may_be_centres_in_shares() -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = [0.5, 0.5, 0.25, 0.5, 0.9, 2]
    assert _decoded(rows, _model(boxes="cxcywh", normalised=True)) == [(2, 0.9, (36, 16, 60, 48))]


def test_batched_rows_have_the_class_before_the_score() -> None:
    rows = np.array([[0, 10, 20, 30, 40, 2, 0.75]], np.float32)
    assert _decoded(rows, _model()) == [(2, 0.75, (10, 20, 30, 40))]
    of_two = np.concatenate([rows, rows + np.eye(7, dtype=np.float32)[:1]])
    assert _decoded(of_two, _model()) == [(2, 0.75, (10, 20, 30, 40))]
    assert _decoded(rows[:0], _model()) == []


def test_queries_are_shares_and_not_suppressed() -> None:
    rows = np.zeros((1, 300, 7), np.float32)
    rows[0, :2] = [[0.5, 0.5, 0.25, 0.5, 0.1, 0.2, 0.9], [0.5, 0.5, 0.25, 0.5, 0, 0, 0.8]]
    box = (36, 16, 60, 48)
    assert _decoded(rows, _model(boxes="cxcywh", normalised=True)) == [(2, 0.9, box), (2, 0.8, box)]


def test_shares_become_pixels() -> None:
    values = _columns(*TWO)
    values[0, :4] /= np.array([[96], [64], [96], [64]], np.float32)
    found = _decoded(values, _model(normalised=True))
    assert [each[:2] for each in found] == [each[:2] for each in FOUND]
    assert found[0][2] == pytest.approx(FOUND[0][2], abs=1e-3)


def test_numbers_behind_the_scores_are_not_read() -> None:
    values = np.concatenate([_columns(*TWO), np.full((1, 32, CELLS), 7, np.float32)], axis=1)
    outputs = {"output0": values, "output1": np.zeros((1, 32, 16, 24), np.float32)}
    model = _model(extra=32)
    heads.check("ultralytics", outputs, model, SHAPE)
    found = ultralytics.decode(outputs, model, SHAPE)
    assert found.scores.tolist() == pytest.approx([0.75, 0.6])


def test_suppression_is_by_class_at_its_own_overlap_or_the_models() -> None:
    twice = ((50, 40, 20, 10, 0.9, 0, 0), (50, 42, 20, 10, 0.8, 0, 0), (50, 40, 20, 10, 0, 0.7, 0))  # share 2/3
    assert [each[1] for each in _decoded(_columns(*twice), _model())] == pytest.approx([0.9, 0.8, 0.7])
    assert [each[1] for each in _decoded(_columns(*twice), _model(nms_iou=0.6))] == pytest.approx([0.9, 0.7])


def test_a_class_that_is_not_wanted_is_dropped_before_boxes_compete() -> None:
    values = _columns((50, 40, 20, 10, 0.6, 0.9, 0), (50, 40, 20, 10, 0.5, 0, 0))
    assert _decoded(values, _model(), [True, False, False]) == [(0, 0.5, (40, 35, 60, 45))]
    assert _decoded(values, _model(target=0)) == [(0, 0.5, (40, 35, 60, 45))]
    rows = np.array([[[1, 2, 3, 4, 0.9, 1], [1, 2, 3, 4, 0.8, 0]]], np.float32)
    assert _decoded(rows, _model(), [True, False, False]) == [(0, 0.8, (1, 2, 3, 4))]


def test_a_network_without_names_answers_its_target() -> None:
    assert _decoded(_columns(*TWO), _model((), target=1)) == [(None, 0.6, (40, 35, 60, 45))]


def test_all_classes_keep_three_hundred_boxes() -> None:
    shape = (1, 3, 640, 640)
    values = np.zeros((1, 7, 8400), np.float32)
    values[0, :2] = np.indices((100, 84)).reshape(2, -1) * [[6], [7]]
    values[0, 2:4], values[0, 4] = 5, np.linspace(0.2, 0.9, 8400)
    found = ultralytics.decode({"output0": values}, _model(), shape)
    assert len(found.scores) == 300
    assert found.scores[0] == pytest.approx(0.9)


def test_a_box_behind_hundreds_of_the_same_object_is_found() -> None:
    values = np.zeros((1, 7, 8400), np.float32)
    values[0, :5] = [[300], [300], [50], [50], [0.9]]
    values[0, :5, 8000] = 100, 100, 20, 20, 0.5
    found = ultralytics.decode({"output0": values}, _model(), (1, 3, 640, 640))
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])


@pytest.mark.parametrize(
    ("output", "model", "said"),
    [
        (_columns(*TWO), _model(("person", "car")), r"\(1, 7, 126\), and model.json has 2 classes"),
        (_columns(*TWO)[:, :, :-1], _model(), r"\(1, 7, 125\)"),
        (_columns((50, 40, 20, 10, 3.0)), _model(), "a score of 3 is no probability"),
        (_columns((50, 40, np.nan, 10)), _model(), "no numbers"),
        (_columns(*TWO) / 64, _model(), "shares of the input; set output.normalised"),
        (_columns(*TWO), _model(normalised=True), "output.normalised must be false"),
        (np.full((1, 7, CELLS), 0.5, np.float32) * 8, _model(), "no probability"),
        (_columns(*TWO) * np.array([1, 1, -1, -1, 1, 1, 1], np.float32)[:, None], _model(), "negative sizes"),
        (np.array([[[1, 2, 3, 4, 0.9, 3]]], np.float32), _model(), "the class 3, and model.json has 3"),
        (np.array([[[1, 2, 3, 4, 0.9, 0.5]]], np.float32), _model(), "the class 0.5"),
        (np.zeros((2, 7, CELLS), np.float32), _model(), r"\(2, 7, 126\)"),
    ],
)
def test_another_network_is_refused_with_the_reason(output: npt.NDArray[np.float32], model: Model, said: str) -> None:
    with pytest.raises(ModelLoadError, match=said):
        heads.check("ultralytics", {"output0": output}, model, SHAPE)


def test_two_lists_are_refused() -> None:
    outputs = {"boxes": np.zeros((1, CELLS, 4), np.float32), "scores": np.zeros((1, CELLS, 3), np.float32)}
    with pytest.raises(ModelLoadError, match="the head 'ultralytics' reads one output"):
        heads.check("ultralytics", outputs, _model(), SHAPE)


@pytest.mark.parametrize(("size", "normalised"), [(3, False), (1, True)])
def test_yolox_is_refused_because_its_boxes_are_not_decoded(size: float, normalised: bool) -> None:
    rows = np.full((1, CELLS, 8), 0.5, np.float32)
    rows[0, :, 2:4] = size
    with pytest.raises(
        ModelLoadError, match="centres of boxes do not lie all over the frame, so boxes are not decoded"
    ):
        heads.check("ultralytics", {"output": rows}, _model(normalised=normalised), SHAPE)


def test_cells_are_those_of_neighbouring_maps() -> None:
    assert {8400, 8400 + 100, 25600 + 8400, 1600 + 400}.issubset(cell_counts(640, 640))
    assert not {300, 6400, 1600}.intersection(cell_counts(640, 640))


def test_layouts_of_a_network_without_names() -> None:
    def told(*shape: int) -> dict[str, int | None]:
        return fitting(shape, classes=None, extra=0, height=640, width=640)

    assert told(1, 84, 8400) == {"columns": 80}
    assert told(1, 25200, 85) == {"objectness": 80}
    assert told(1, 8400, 85) == {"rows": 81, "objectness": 80}
    assert told(1, 300, 6) == {"end-to-end": None}
    assert told(1, 300, 84) == {"queries": 80}
    assert told(17, 7) == {"batched end-to-end": None}
    assert told(1, 1000) == {}


def test_three_hundred_rows_of_six_are_told_by_the_order_of_a_box() -> None:
    """An input of 320 x 192 has 300 cells of steps of 16 and 32 pixels."""
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = 100, 100, 130, 150, 0.5, 0
    one = ("person",)
    shape = (1, 3, 320, 192)
    heads.check("ultralytics", {"output0": rows}, _model(one), shape)
    assert ultralytics.decode({"output0": rows}, _model(one), shape).boxes.tolist() == [[100, 100, 130, 150]]
    with pytest.raises(ModelLoadError, match="whole numbers"):
        heads.check("ultralytics", {"output0": rows}, _model(one, boxes="cxcywh"), shape)


def test_a_box_behind_thousands_of_the_same_object_is_found_among_others_that_are_not_wanted() -> None:
    """More boxes than are looked at first are of one object, and the best of them of a class that is not wanted."""
    values = np.zeros((1, 7, 8400), np.float32)
    values[0, :5] = [[300], [300], [50], [50], [0.8]]
    values[0, 5, :2000] = 0.9
    values[0, :5, 8000] = 100, 100, 20, 20, 0.5
    outputs = {"output0": values}
    found = ultralytics.decode(outputs, _model(), (1, 3, 640, 640), np.array([True, False, False]))
    assert found.scores.tolist() == pytest.approx([0.8, 0.5])
    every = ultralytics.decode(outputs, _model(), (1, 3, 640, 640)).classes
    assert every is not None
    assert every.tolist() == [1, 0, 0]
