"""Accuracy computed by hand: labels A at the left and B at the right of a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_serving.vision.detections import Detections
from workbench.compilers.onnx.accuracy import Answer, by_class, measure
from workbench.compilers.onnx.labels import Labels

_A, _B = (0, 0, 10, 10), (50, 0, 60, 10)
_AWAY = (0, 50, 10, 60)


def _found(*rows: tuple[tuple[float, ...], float]) -> Detections:
    boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score in rows], np.float32))


def _labels(*boxes: tuple[float, ...]) -> npt.NDArray[np.float32]:
    return np.array(boxes, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("found", "labels", "figures"),
    [
        (_found((_A, 0.9), (_B, 0.8)), _labels(_A, _B), (1, 1, 1)),
        (_found((_A, 0.9)), _labels(_A, _B), (0.5, 1, 0.5)),
        # Right, wrong, right: precision is 1 up to a recall of 1/2, and 2/3 beyond it.
        (_found((_A, 0.9), (_AWAY, 0.8), (_B, 0.7)), _labels(_A, _B), ((1 + 2 / 3) / 2, 2 / 3, 1)),
        # A detection with a score below 0.5 counts only for average precision.
        (_found((_A, 0.9), (_B, 0.4)), _labels(_A, _B), (1, 1, 0.5)),
        # A label takes one detection, so the second one on it is wrong.
        (_found((_A, 0.9), (_A, 0.8)), _labels(_A), (1, 0.5, 1)),
        (_found((_A, 0.6), (_A, 0.9)), _labels(_A), (1, 0.5, 1)),
        (_found((_AWAY, 0.9)), _labels(_A), (0, 0, 0)),
        (_found((_A, 0.9)), _labels(), (0, 0, 0)),
        (_found(), _labels(_A), (0, 0, 0)),
    ],
)
def test_one_frame(found: Detections, labels: npt.NDArray[np.float32], figures: tuple[float, float, float]) -> None:
    measured = measure([(found, labels)])
    assert (measured.average_precision, measured.precision, measured.recall) == pytest.approx(figures)
    assert (measured.frames, measured.labels) == (1, len(labels))


def test_detections_of_all_frames_are_ranked_together() -> None:
    """The wrong detection of the second frame ranks before the right one of the first."""
    measured = measure([(_found((_A, 0.6)), _labels(_A)), (_found((_AWAY, 0.9), (_B, 0.95)), _labels(_B))])
    assert measured.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert (measured.frames, measured.labels) == (2, 2)


@pytest.mark.parametrize(("right", "recall"), [(21, 1), (21.1, 0)])
def test_half_of_the_union_is_the_same_object(right: float, recall: float) -> None:
    """A box includes its last pixel, so 11 x 11 of 22 x 11 is half."""
    assert measure([(_found(((0, 0, right, 10), 0.9)), _labels(_A))]).recall == recall


def test_a_box_of_another_class_is_wrong_and_classes_without_labels_do_not_count() -> None:
    found = _found((_A, 0.9), (_B, 0.8), (_AWAY, 0.7))
    labels = Labels(_labels(_A, _B), ("car", "dog"))
    whole, each = by_class([Answer(found, ("car", "car", "kite"), labels)])
    assert (whole.labels, whole.recall, whole.precision) == (2, 0.5, 0.5)
    assert (whole.average_precision, each["car"].recall, each["dog"].recall) == (0.5, 1, 0)
    assert set(each) == {"car", "dog"}
