"""Accuracy that 8 bits cost: a detector's recall, a classifier's best classes, an embedder's angles."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.compilers.onnx import accuracy, labels
from workbench.compilers.onnx.accuracy import SURE, Accuracy, Answer
from workbench.compilers.onnx.frames import NamedFrame
from workbench.compilers.onnx.labels import Labels
from workbench.compilers.onnx.running import ClassifierRunner, DetectorRunner, EmbedderRunner, Runner

MOST = 0.02
"""Largest loss that is written without being asked for, of shares of 1."""

AGAIN = 0.4
"""Least score with which a box of 32 bits is found again where there are no labels. Of the boxes that 32 bits are sure
of, some are so by less than the rounding of 8 bits, as others are unsure by less."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What 8 bits keep of 32.

    Attributes:
        measure: what is compared.
        count: number of labels, boxes, frames or faces.
        of_boxes: whether it is of a detector.
        fp32, int8: shares of 1; None where there is nothing to compare.
        accuracy: of 32 and of 8 bits on labelled frames; None without labels.
        classes: the same by class.
    """

    measure: str
    count: int
    of_boxes: bool = False
    fp32: float | None = None
    int8: float | None = None
    accuracy: tuple[Accuracy, Accuracy] | None = None
    classes: tuple[dict[str, Accuracy], dict[str, Accuracy]] | None = None

    def document(self) -> dict[str, Any]:
        """Document for JSON, without the accuracies."""
        figures = {name: getattr(self, name) for name in ("measure", "count", "of_boxes", "fp32", "int8", "refusal")}
        return {**figures, "most": MOST}

    @property
    def refusal(self) -> str | None:
        """Sentence about a loss that is too large, or None."""
        if self.fp32 is None or self.int8 is None or self.fp32 - self.int8 <= MOST + 1e-9:
            return None
        return (
            f"8 bits lose {100 * (self.fp32 - self.int8):.1f} points of {self.measure} ({self.fp32:.3f} to "
            f"{self.int8:.3f}, of {self.count}), more than {100 * MOST:g}; try --vnni, other frames, or --force"
        )


def between(fp32: Runner, int8: Runner, *, calibration: Sequence[NamedFrame], labelled: Sequence[NamedFrame]) -> Loss:
    """Compare the answers of 8 bits with those of 32.

    Args:
        fp32: the model in 32 bits.
        int8: the model in 8 bits.
        calibration: frames on which a classifier and an embedder are compared.
        labelled: frames that may have labels, on which a detector is.
    """
    if isinstance(fp32, DetectorRunner) and isinstance(int8, DetectorRunner):
        return _of_detectors(fp32, int8, labelled)
    if isinstance(fp32, ClassifierRunner) and isinstance(int8, ClassifierRunner):
        same = [fp32.scores(frame).argmax() == int8.scores(frame).argmax() for frame in calibration]
        return Loss(measure="best classes", count=len(same), fp32=1.0, int8=float(np.mean(same)))
    assert isinstance(fp32, EmbedderRunner)
    pairs = [fp32.both(int8, frame) for frame in calibration]
    cosines = np.concatenate([(one.astype(np.float64) * other).sum(axis=1) for one, other in pairs])
    return Loss(measure="the cosine of embeddings", count=len(cosines), fp32=1.0, int8=float(cosines.mean()))


def _of_detectors(fp32: DetectorRunner, int8: DetectorRunner, frames: Sequence[NamedFrame]) -> Loss:
    known = [(frame, labels.of_classes(frame.path, fp32.classes)) for frame in frames if frame.path]
    drawn = [(frame, boxes) for frame, boxes in known if boxes is not None]
    if not any(len(boxes.names) for _, boxes in drawn):
        return _of_own_boxes(fp32, int8, frames)
    old, old_classes = accuracy.by_class([_answer(fp32, frame, boxes) for frame, boxes in drawn])
    new, new_classes = accuracy.by_class([_answer(int8, frame, boxes) for frame, boxes in drawn])
    loss = Loss(measure="recall", count=old.labels, of_boxes=True, fp32=old.recall, int8=new.recall)
    if not old.recall:  # labels of what a model never finds show no loss
        loss = _of_own_boxes(fp32, int8, frames)
    return dataclasses.replace(loss, accuracy=(old, new), classes=(old_classes, new_classes))


def _of_own_boxes(fp32: DetectorRunner, int8: DetectorRunner, frames: Sequence[NamedFrame]) -> Loss:
    """Recall of the boxes of which 32 bits are sure."""
    answers = []
    for frame in frames:
        found = fp32.detect(frame)
        sure = found.take(np.flatnonzero(found.scores >= SURE))
        answers.append(_answer(int8, frame, Labels(sure.boxes, tuple(fp32.names_of(sure)))))
    again, _ = accuracy.by_class(answers, sure=AGAIN)
    measure = f"the boxes that FP32 finds with a score of {SURE} or more"
    if not again.labels:
        return Loss(measure=measure, count=0, of_boxes=True)
    return Loss(measure=measure, count=again.labels, of_boxes=True, fp32=1.0, int8=again.recall)


def _answer(runner: DetectorRunner, frame: NamedFrame, boxes: Labels) -> Answer:
    found = runner.detect(frame)
    return Answer(found, runner.names_of(found), boxes)
