"""Accuracy of a variant on labelled frames, by the answers that a client would get."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ipc_ai_serving.vision.detections import Detections
from workbench.compilers.onnx import accuracy, frames, labels
from workbench.compilers.onnx.accuracy import Accuracy
from workbench.compilers.onnx.labels import Boxes
from workbench.errors import BenchmarkError


@dataclass(frozen=True)
class LabelledFrame:
    """An image file and the boxes that people drew."""

    path: Path
    boxes: Boxes


def read(folder: Path) -> list[LabelledFrame]:
    """The labelled frames of a folder; others that lie there are passed over.

    Raises:
        BenchmarkError: none of its frames has labels.
        CompileError: it has no frames, or a file of labels cannot be understood.
    """
    found = [LabelledFrame(path, boxes) for path in frames.files(folder) if (boxes := labels.of(path)) is not None]
    if not found:
        raise BenchmarkError(
            f"{folder} has frames and no labels beside them; put FRAME.txt in PASCAL Annotation 1.00 there, or a .json "
            "in COCO's format"
        )
    return found


def measure(
    labelled: Sequence[LabelledFrame], answer: Callable[[Path], bytes], *, done: Callable[[], None] = lambda: None
) -> Accuracy:
    """Ask for every frame and compare the answers with the labels.

    Args:
        labelled: the frames.
        answer: gives the answer's JSON for a frame.
        done: is told of every frame.
    """
    pairs = []
    for frame in labelled:
        document = json.loads(answer(frame.path))
        boxes = np.array(document["bbox_coords"], np.float32).reshape(-1, 4)
        scores = np.array(document["bbox_scores"], np.float32).reshape(-1)
        pairs.append((Detections(boxes, scores), frame.boxes))
        done()
    return accuracy.measure(pairs)
