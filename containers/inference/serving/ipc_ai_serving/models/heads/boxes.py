"""Boxes, labels and scores of networks that end with their own suppression.

Sources of the layouts: torchvision's detectors (``boxes`` (N, 4), ``labels``, ``scores`` (N,), label 0 for the
background); TensorFlow's Object Detection API (``detection_boxes`` (1, N, 4) from top to bottom as shares of the frame,
``detection_classes``, ``detection_scores``, ``num_detections``); RT-DETR's and D-FINE's ``export_onnx.py`` (``labels``,
``boxes``, ``scores`` in pixels of ``orig_target_sizes``); MMDeploy (``dets`` (1, N, 5) with the score, ``labels``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.vision.detections import MAX_OF_ALL_CLASSES, SCORE_FLOOR, Detections, Wanted

Array = npt.NDArray[Any]

_BOX, _BOX_AND_SCORE = 4, 5
_NOT_READ = ("raw", "multiclass", "anchor", "mask", "keypoint", "ind")
_BOXES, _COUNT, _LABELS, _SCORES = (
    ("box", "dets"),
    ("num",),
    ("label", "class", "cls", "categor"),
    ("score", "conf", "prob"),
)
_LARGEST_SHARE = 2  # of the frame, that a box may reach to
_ENOUGH = 3
"""Boxes that tell shares from pixels: one alone may be a speck in the corner."""
_READS = (
    "boxes (N, 4), labels (N,) and scores (N,) after suppression, as torchvision, TensorFlow's Object Detection, "
    "RT-DETR with original sizes and MMDeploy (boxes with scores (N, 5)) export them, with or without a batch of one"
)


@dataclass(frozen=True)
class _Rows:
    """Boxes (N, 4) float32 as the network has them, scores (N,) float32, labels (N,) int64."""

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network, or its boxes are not what ``model.output`` says.
    """
    network = _network(outputs)
    if not model.classes and model.target_class is None:
        raise network.refuse("classes has no names, and target_class is null")
    rows = _used(_rows(outputs, network))
    network.check_probabilities(rows.scores, "a score")
    _check_labels(rows, model, network)
    if len(rows.boxes) < _ENOUGH:
        return
    largest = np.abs(rows.boxes).max()
    if model.output.normalised and largest > _LARGEST_SHARE:
        raise network.refuse(f"a box reaches to {largest:g}, so boxes are in pixels and not shares of the frame")
    if not model.output.normalised and largest <= _LARGEST_SHARE:
        raise network.refuse(f"no box reaches beyond {largest:g}, so boxes are shares of the frame and not in pixels")
    if (rows.boxes[:, 2:] < rows.boxes[:, :2]).any(axis=1).mean() > 0.5:
        raise network.refuse("most boxes end before they begin, so they are not given by two corners")


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Bring boxes to network pixels, best first, at most 300; rows of padding (-1 or no number) are left out.

    The label is the index of the class. Of a model without names of classes the detections are those of its target
    class, without an index.

    Raises:
        ModelLoadError: a label has no name.
    """
    network = _network(outputs)
    rows = _used(_rows(outputs, network))
    _check_labels(rows, model, network)
    if not model.classes:
        kept = rows.labels == model.target_class
    else:
        kept = np.ones(len(rows.labels), bool) if wanted is None else wanted[rows.labels]
    boxes = rows.boxes[:, [1, 0, 3, 2]] if model.output.boxes == "yxyx" else rows.boxes
    if model.output.normalised:
        boxes = boxes * np.array([tensor_shape[3], tensor_shape[2]] * 2, np.float32)
    found = Detections(boxes, rows.scores, classes=rows.labels if model.classes else None)
    return found.take(np.flatnonzero(kept)).best(model.output.most or MAX_OF_ALL_CLASSES)


def _network(outputs: Outputs) -> NetworkOutputs:
    return NetworkOutputs(outputs, head="boxes", reads=_READS)


def _check_labels(rows: _Rows, model: Model, network: NetworkOutputs) -> None:
    """Check that every label has a name.

    Raises:
        ModelLoadError: one has none.
    """
    if model.classes and (highest := rows.labels.max(initial=0)) >= len(model.classes):
        raise network.refuse(f"it answers label {highest}, and classes has {len(model.classes)} names, from label 0 on")


def _used(rows: _Rows) -> _Rows:
    """Leave out rows of padding and of noise."""
    used = (rows.scores >= SCORE_FLOOR) & (rows.labels >= 0) & np.isfinite(rows.boxes).all(axis=1)
    return _Rows(rows.boxes[used], rows.scores[used], rows.labels[used])


def _rows(outputs: Outputs, network: NetworkOutputs) -> _Rows:
    """Find boxes, scores and labels among the outputs, by shape, type and name.

    Raises:
        ModelLoadError: one of them is missing, or may be one of several outputs.
    """
    read = {name: each for name, each in outputs.items() if not _has(name, _NOT_READ)}
    name = _table(read)
    if name is None:
        raise network.refuse(f"there is no one output of boxes among {network.shown}")
    table = read[name].reshape(-1, read[name].shape[-1])
    columns = {
        other: each.reshape(-1)
        for other, each in read.items()
        if other != name and each.size == len(table) and not _has(other, _COUNT)
    }
    labels = _labels(columns)
    if labels is None:
        raise network.refuse(f"there is no one output of labels among {network.shown}")
    if table.shape[1] == _BOX_AND_SCORE:
        scores = table[:, _BOX]
    else:
        scores_name = _only([other for other in columns if other != labels], _SCORES)
        if scores_name is None:
            raise network.refuse(f"there is no one output of scores among {network.shown}")
        scores = columns[scores_name]
    count = _count(read, len(table))
    return _Rows(table[:count, :_BOX], scores[:count], np.nan_to_num(columns[labels][:count], nan=-1).astype(np.int64))


def _table(outputs: dict[str, Array]) -> str | None:
    """The output of boxes, without a batch or with one of a single frame; of two by its name."""
    tables = [
        name for name, each in outputs.items() if each.ndim in (2, 3) and each.shape[-1] in (_BOX, _BOX_AND_SCORE)
    ]
    batched = [name for name in tables if outputs[name].ndim == 3 and len(outputs[name]) == 1]
    return _only(batched or [name for name in tables if outputs[name].ndim == 2], _BOXES)


def _labels(columns: dict[str, Array]) -> str | None:
    """The output of labels: the only whole numbers, else by its name, else by its values.

    The type goes first, since exporters name the outputs of torchvision in an order that is not always theirs.
    """
    whole = [name for name, each in columns.items() if np.issubdtype(each.dtype, np.integer)]
    if whole:
        return _only(whole, _LABELS)
    if len(columns) == 1 or any(_has(name, (*_LABELS, *_SCORES)) for name in columns):
        return _only([name for name in columns if not _has(name, _SCORES)], _LABELS)
    return _only([name for name, each in columns.items() if (each == np.round(each)).all()], ())


def _count(outputs: dict[str, Array], most: int) -> int:
    """The number of rows in use that the network tells; all where it does not."""
    told = [each for name, each in outputs.items() if _has(name, _COUNT) and each.size == 1]
    return min(most, int(told[0].reshape(-1)[0])) if len(told) == 1 else most


def _only(names: Iterable[str], words: tuple[str, ...]) -> str | None:
    """The only name, else the only one with one of the words."""
    names = list(names)
    if len(names) > 1:
        names = [name for name in names if _has(name, words)]
    return names[0] if len(names) == 1 else None


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)
