"""Accuracy of a variant on labelled frames, by the answers that a client would get."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ipc_ai_serving.models.classes import AnsweredClasses, answered
from ipc_ai_serving.vision.detections import Detections
from workbench.benchmarking.variants import Variant
from workbench.compilers.onnx import accuracy, frames, labels
from workbench.compilers.onnx.accuracy import Accuracy, Answer
from workbench.errors import BenchmarkError

_ONE_TARGET = AnsweredClasses((), "object")


@dataclass(frozen=True)
class LabelledFrame:
    """An image file beside which there are boxes that people drew."""

    path: Path


def read(folder: Path) -> list[LabelledFrame]:
    """The labelled frames of a folder; others that lie there are passed over.

    Raises:
        BenchmarkError: none of its frames has labels.
        CompileError: it has no frames, or a file of labels cannot be understood.
    """
    found = [LabelledFrame(path) for path in frames.files(folder) if labels.are_there(path)]
    if not found:
        raise BenchmarkError(
            f"{folder} has frames and no labels beside them; put FRAME.txt in PASCAL Annotation 1.00, FRAME.xml in "
            "PASCAL VOC's format or a .json in COCO's format there"
        )
    return found


def measure_variant(
    labelled: Sequence[LabelledFrame],
    variant: Variant,
    answer: Callable[[Path], bytes],
    *,
    done: Callable[[], None] = lambda: None,
) -> Accuracy | None:
    """Do as :func:`measure`, for the classes that a variant answers."""
    if not labelled:
        return None
    _, classes = answered(variant.parts[0].model, variant.application)
    return measure(labelled, answer, classes=classes, done=done)


def measure(
    labelled: Sequence[LabelledFrame],
    answer: Callable[[Path], bytes],
    *,
    classes: AnsweredClasses = _ONE_TARGET,
    done: Callable[[], None] = lambda: None,
) -> Accuracy | None:
    """Ask for every frame and compare the answers with the labels of their classes.

    Args:
        labelled: the frames.
        answer: gives the answer's JSON for a frame.
        classes: those that are answered.
        done: is told of every frame.

    Returns:
        The accuracy; None where no label is of these classes.
    """
    answers = []
    for frame in labelled:
        document = json.loads(answer(frame.path))
        boxes = np.array(document["bbox_coords"], np.float32).reshape(-1, 4)
        scores = np.array(document["bbox_scores"], np.float32).reshape(-1)
        drawn = labels.of_classes(frame.path, classes)
        assert drawn is not None, frame.path  # which `read` has just read
        names = document["bbox_labels"] if classes.names else [classes.target] * len(scores)
        answers.append(Answer(Detections(boxes, scores), names, drawn))
        done()
    found, _ = accuracy.by_class(answers)
    return found if found.labels else None
