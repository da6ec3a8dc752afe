"""SCRFD of InsightFace: one or two anchors a cell, boxes as distances from the cell's corner to the four sides.

Source of the formulas: InsightFace ``detection/scrfd/tools/scrfd.py`` (``distance2bbox``, ``distance2kps``): distances
and landmarks are in steps of the map, scores are probabilities, or logits where ``output.activation`` is ``sigmoid``;
NMS at IoU 0.4. Outputs are told by their shapes, so neither names nor order matter: rows (anchors, values) or
(1, anchors, values), cell by cell, or maps (1, anchors of a cell * values, rows, columns). A score has 1 value, a box
4, and five landmarks, which a network may lack, have 10.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._grid import cells
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.models.heads._suppression import suppress
from ipc_ai_serving.vision.detections import SCORE_FLOOR, Detections, Wanted

Floats = npt.NDArray[np.float32]

_NMS_IOU = 0.4
_STRIDES = (8, 16, 32, 64, 128)
_ANCHORS = (1, 2)
_SCORE, _BOX, _LANDMARKS = 1, 4, 10
_LARGEST_SIDES = 10  # a box is never so many times as large as the network's input
_READS = (
    "the six or nine outputs of SCRFD: scores, distances to the sides of boxes and perhaps five landmarks, of one or "
    "two anchors for each step of 8, 16 and 32 pixels"
)


@dataclass(frozen=True)
class Level:
    """A map: its step in pixels, its anchors a cell, and the numbers of its outputs."""

    stride: int
    anchors: int
    score: int
    box: int
    landmarks: int | None


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head="scrfd", reads=_READS)
    values = list(outputs.values())
    levels = maps_of(tuple(map(np.shape, values)), *tensor_shape[2:])
    if not levels:
        raise network.refuse(f"for {tensor_shape[2]} x {tensor_shape[3]} pixels its outputs are {network.shown}")
    if not all(np.isfinite(output).all() for output in values):
        raise network.refuse("its outputs have values that are no numbers for a black frame")
    for level in levels:
        scores = values[level.score]
        if model.output.activation == "none":
            network.check_probabilities(scores, "a score")
        farthest = np.abs(values[level.box]).max(initial=0) * level.stride
        if farthest > _LARGEST_SIDES * max(tensor_shape[2:]):
            raise network.refuse(f"a box reaches {farthest:g} pixels from its cell, far beyond the frame")
    if model.output.activation == "sigmoid" and all(values[level.score].min(initial=0) >= 0 for level in levels):
        raise network.refuse("its scores are probabilities already, so output.activation must be none")


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Decode faces, with landmarks where the network has them.

    InsightFace compares boxes to the end of their last pixel, which is one of the frame.
    """
    values = list(outputs.values())
    boxes, scores, landmarks = [], [], []
    for level in maps_of(tuple(output.shape for output in values), *tensor_shape[2:]):
        score = _rows(values[level.score], _SCORE)[:, 0]
        if model.output.activation == "sigmoid":
            score = 1 / (1 + np.exp(-score))
        chosen = np.flatnonzero(score >= SCORE_FLOOR)  # a few out of thousands
        corners, _ = cells(tensor_shape[2], tensor_shape[3], (level.stride,))
        corner = corners[chosen // level.anchors] * level.stride
        distances = _rows(values[level.box], _BOX)[chosen] * level.stride
        boxes.append(np.concatenate([corner - distances[:, :2], corner + distances[:, 2:]], axis=1))
        scores.append(score[chosen])
        if level.landmarks is not None:
            offsets = _rows(values[level.landmarks], _LANDMARKS)[chosen].reshape(-1, 5, 2) * level.stride
            landmarks.append(corner[:, None] + offsets)
    points = np.concatenate(landmarks) if landmarks else None
    found = Detections(np.concatenate(boxes), np.concatenate(scores), points)
    if model.classes:  # of which there is one
        found = dataclasses.replace(found, classes=np.zeros(len(found.scores), np.int64))
    return suppress(found, iou=model.output.nms_iou or _NMS_IOU, last_pixel=pixel)


def _rows(output: Floats, values: int) -> Floats:
    """(anchors, values), cell by cell, of rows or of a map."""
    return (output[0].transpose(1, 2, 0) if output.ndim == 4 else output).reshape(-1, values)


@functools.lru_cache(maxsize=64)
def maps_of(shapes: tuple[tuple[int, ...], ...], height: int, width: int) -> tuple[Level, ...]:
    """Maps, the finest first, of outputs of these shapes; none where the outputs are not those of SCRFD."""
    found: dict[tuple[int, int, int], int] = {}
    for number, shape in enumerate(shapes):
        place = _place(shape, height, width)
        if place is None or place in found:
            return ()
        found[place] = number
    strides = sorted({stride for stride, _, _ in found})
    anchors = {count for _, count, _ in found}
    kinds = {kind for _, _, kind in found}
    as_scrfd = len(anchors) == 1 and kinds in ({_SCORE, _BOX}, {_SCORE, _BOX, _LANDMARKS})
    if not as_scrfd or len(found) != len(strides) * len(kinds) or tuple(strides) != _STRIDES[: len(strides)]:
        return ()
    (count,) = anchors
    return tuple(
        Level(
            stride,
            count,
            score=found[stride, count, _SCORE],
            box=found[stride, count, _BOX],
            landmarks=found.get((stride, count, _LANDMARKS)),
        )
        for stride in strides
    )


def _place(shape: tuple[int, ...], height: int, width: int) -> tuple[int, int, int] | None:
    """Step, anchors a cell and values of an output; None where it is no output of SCRFD."""
    for stride in _STRIDES:
        rows, columns = height // stride, width // stride
        for anchors in _ANCHORS:
            for kind in (_SCORE, _BOX, _LANDMARKS):
                as_rows = (rows * columns * anchors, kind)
                if shape in (as_rows, (1, *as_rows), (1, anchors * kind, rows, columns)):
                    return stride, anchors, kind
    return None
