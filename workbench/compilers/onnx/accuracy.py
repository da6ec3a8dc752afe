"""Accuracy of detections on labelled frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.vision.detections import Detections
from workbench.compilers.onnx.labels import Boxes
from workbench.compilers.onnx.parity import overlaps

SAME_OBJECT_IOU = 0.5
"""Least IoU of a detection with the label that it counts for."""

SURE = 0.5
"""Score of the weakest detection that precision and recall count."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Accuracy over all labelled frames; a detection is right at an IoU of 0.5.

    Attributes:
        frames, labels: their numbers.
        average_precision: area under precision over recall, interpolated at every point (PASCAL VOC 2010).
        precision, recall: those of detections with a score of 0.5 or more.
    """

    frames: int
    labels: int
    average_precision: float
    precision: float
    recall: float


def measure(answers: Sequence[tuple[Detections, Boxes]]) -> Accuracy:
    """Compare the detections of each frame with its labels."""
    scores = np.concatenate([found.scores for found, _ in answers])
    right = np.concatenate([_right(found, boxes) for found, boxes in answers])
    labels = sum(len(boxes) for _, boxes in answers)
    sure = scores >= SURE
    hits = int(right[sure].sum())
    return Accuracy(
        frames=len(answers),
        labels=labels,
        average_precision=_average_precision(right[np.argsort(-scores, kind="stable")], labels),
        precision=hits / max(int(sure.sum()), 1),
        recall=hits / max(labels, 1),
    )


def _right(found: Detections, boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Match each detection, the best first, with a label that no better one has taken."""
    free = np.ones(len(boxes), bool)
    right = np.zeros(len(found.scores), bool)
    for index in np.argsort(-found.scores, kind="stable"):
        shared = np.where(free, overlaps(found.boxes[index], boxes), 0) if len(boxes) else np.zeros(0)
        if shared.max(initial=0) >= SAME_OBJECT_IOU:
            free[shared.argmax()] = False
            right[index] = True
    return right


def _average_precision(right: npt.NDArray[np.bool_], labels: int) -> float:
    if not labels:
        return 0.0
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    # Interpolation: each recall gets the best precision at this or a higher recall.
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[right].sum() / labels)
