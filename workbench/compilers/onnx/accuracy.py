"""Accuracy of detections on labelled frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.vision.detections import Detections
from workbench.compilers.onnx.labels import Boxes, Labels
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


@dataclass(frozen=True)
class Answer:
    """Detections in a frame with their names, and the frame's labels."""

    found: Detections
    names: Sequence[str]
    labels: Labels

    def of_class(self, name: str) -> tuple[Detections, Boxes]:
        """Detections and boxes of one class."""
        found = self.found.take(np.flatnonzero([each == name for each in self.names]))
        return found, self.labels.boxes[[each == name for each in self.labels.names]]


def measure(answers: Sequence[tuple[Detections, Boxes]], *, sure: float = SURE) -> Accuracy:
    """Compare the detections of each frame with its labels.

    Args:
        answers: of one class, for each frame.
        sure: score of the weakest detection that precision and recall count.
    """
    return _counted(answers, sure).accuracy


def by_class(answers: Sequence[Answer], *, sure: float = SURE) -> tuple[Accuracy, dict[str, Accuracy]]:
    """Compare detections with labels of their class.

    Classes without a label in any frame do not count, because the labels may not know them.

    Returns:
        The accuracy over all classes, and that of each. Average precision is the mean of the classes'; precision and
        recall are those of all detections and labels together.
    """
    names = sorted({name for answer in answers for name in answer.labels.names})
    counts = {name: _counted([answer.of_class(name) for answer in answers], sure) for name in names}
    each = {name: counted.accuracy for name, counted in counts.items()}
    whole = _Counts(
        frames=len(answers),
        labels=sum(counted.labels for counted in counts.values()),
        average_precision=sum(one.average_precision for one in each.values()) / max(len(each), 1),
        sure=sum(counted.sure for counted in counts.values()),
        hits=sum(counted.hits for counted in counts.values()),
    )
    return whole.accuracy, each


@dataclass(frozen=True, kw_only=True)
class _Counts:
    frames: int
    labels: int
    average_precision: float
    sure: int
    hits: int

    @property
    def accuracy(self) -> Accuracy:
        return Accuracy(
            frames=self.frames,
            labels=self.labels,
            average_precision=self.average_precision,
            precision=self.hits / max(self.sure, 1),
            recall=self.hits / max(self.labels, 1),
        )


def _counted(answers: Sequence[tuple[Detections, Boxes]], sure: float) -> _Counts:
    scores = np.concatenate([found.scores for found, _ in answers])
    right = np.concatenate([_right(found, boxes) for found, boxes in answers])
    labels = sum(len(boxes) for _, boxes in answers)
    counts = scores >= sure
    return _Counts(
        frames=len(answers),
        labels=labels,
        average_precision=_average_precision(right[np.argsort(-scores, kind="stable")], labels),
        sure=int(counts.sum()),
        hits=int(right[counts].sum()),
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
