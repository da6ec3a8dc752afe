from __future__ import annotations

import numpy as np
import pytest

from ipc_ai_serving.vision.detections import Detections
from workbench.compilers.onnx.parity import Parity, Tolerance, of_detections, of_embeddings, of_scores

TOLERANCE = Tolerance(box=0.5, score=0.01, cosine=1e-4)


def _found(*rows: tuple[float, float, float, float, float]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4])


@pytest.mark.parametrize(
    ("compiled", "says"),
    [
        (_found((10, 10, 50, 50.25, 0.9)), None),
        (_found((10, 10, 50, 51, 0.9)), "a box is shifted by 1 pixels"),
        (_found((10, 10, 50, 50, 0.8)), "a score differs by 0.1"),
        (_found((10, 10, 50, 50, 0.9), (80, 80, 99, 99, 0.5)), "1 detections in a.png have no counterpart"),
        (_found((10, 10, 50, 50, 0.9), (80, 80, 99, 99, 0.012)), None),
        (_found((10, 10, 50, float("nan"), 0.9)), "no counterpart"),
    ],
)
def test_what_is_above_the_tolerance_is_one_sentence(compiled: Detections, says: str | None) -> None:
    frame = of_detections("a.png", _found((10, 10, 50, 50, 0.9)), compiled, TOLERANCE)
    other = of_detections("b.png", _found((0, 0, 9, 9, 0.9)), _found((0, 0, 9, 9, 0.9)), TOLERANCE)
    failure = Parity([frame, other], TOLERANCE).failure()
    assert failure is None if says is None else says in (failure or "")


def test_nothing_found_proves_nothing() -> None:
    assert "nothing is proved" in (
        Parity([of_detections("a", _found(), _found(), TOLERANCE)], TOLERANCE).failure() or ""
    )


def test_what_one_engine_alone_finds_is_not_nothing() -> None:
    lost = of_detections("a", _found((10, 10, 50, 50, 0.9)), _found(), TOLERANCE)
    assert "1 detections in a have no counterpart" in (Parity([lost], TOLERANCE).failure() or "")


def test_embeddings_are_compared_by_their_angle() -> None:
    one = np.array([[1, 0], [0, 1]], np.float32)
    assert of_embeddings("a", one, one).cosine_distance == 0
    turned = Parity([of_embeddings("a", one, one[::-1])], TOLERANCE).failure()
    assert turned == "an embedding is 1 from its source, more than 0.0001"


def test_boxes_of_two_classes_are_no_pair() -> None:
    boxes = np.array([[10, 10, 50, 50]], np.float32)
    car, dog = (Detections(boxes, np.array([0.9], np.float32), classes=np.array([index])) for index in (2, 16))
    assert of_detections("a", car, car, TOLERANCE).matched == 1
    assert of_detections("a", car, dog, TOLERANCE).unmatched == 2


def test_in_half_precision_weak_boxes_do_not_count() -> None:
    half = TOLERANCE.of_half_precision()
    assert of_detections("a", _found((10, 10, 50, 50, 0.2)), _found(), half).unmatched == 0
    assert of_detections("a", _found((10, 10, 50, 50, 0.3)), _found(), half).unmatched == 1
    assert (half.box, half.score) == (2, 0.02)


@pytest.mark.parametrize(
    ("compiled", "says"),
    [
        ([0.6, 0.3, 0.1], None),
        ([0.58, 0.32, 0.1], "a score differs by 0.02"),
        ([0.3, 0.6, 0.1], "the best class of a is another one in the other engine's answer"),
    ],
)
def test_classifiers_agree_in_their_best_class_and_scores(compiled: list[float], says: str | None) -> None:
    frame = of_scores("a", np.array([0.6, 0.3, 0.1], np.float32), np.array(compiled, np.float32), TOLERANCE)
    failure = Parity([frame], TOLERANCE).failure()
    assert failure is None if says is None else says in (failure or "")


def test_of_two_classes_as_good_as_each_other_either_may_be_best() -> None:
    one, other = np.array([0.401, 0.4], np.float32), np.array([0.4, 0.401], np.float32)
    assert Parity([of_scores("a", one, other, TOLERANCE)], TOLERANCE).failure() is None
