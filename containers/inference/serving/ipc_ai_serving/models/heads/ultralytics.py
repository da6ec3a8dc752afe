"""YOLO of Ultralytics and its kin: v5 to v12, v26, RT-DETR.

The layout of the output is told by its shape, the count of class names and the count of the network's cells:

| layout | shape | row |
|---|---|---|
| columns (v8, v9, v11, v12, u-models) | (1, 4 + classes, cells) | box, classes |
| rows (the same, transposed) | (1, cells, 4 + classes) | box, classes |
| objectness (v5, v6, v7) | (1, cells or 3 * cells, 5 + classes) | box, objectness, classes |
| queries (RT-DETR before 8.4) | (1, queries, 4 + classes) | box, classes |
| end-to-end (v10, v26, nms=True, RT-DETR) | (1, N, 6) | box, score, class |
| batched end-to-end (v7) | (N, 7) | number in the batch, box, class, score |

A box is centre, width and height in network pixels; in end-to-end layouts ``output.boxes`` of the model tells it, and
``output.normalised`` whether boxes are shares of the input. ``output.extra`` numbers follow in a row that are not read:
mask coefficients, key points. Maps beside the output (masks, v5's raw maps) are not read either.

Source of the formulas: Ultralytics ``utils/nms.py`` (``non_max_suppression``): the most probable class is a box's, its
probability times the objectness the score; suppression is by class, at IoU 0.7 (``cfg/default.yaml``), with objectness
0.45 (YOLOv5 ``detect.py``); end-to-end rows and queries (``models/rtdetr/predict.py``) are not suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads import _yolo_layouts as layouts
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.models.heads._suppression import suppress
from ipc_ai_serving.vision.detections import MAX_OF_ALL_CLASSES, SCORE_FLOOR, Detections, Wanted

Floats = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]

_BOX, _SCORE, _CLASS, _OBJECTNESS = 4, 4, 5, 4
_LIKELY = 2048
"""Boxes that are looked at first; of more, the best hold all that are kept unless nearly all are of a few objects."""

_SHARES_REACH = 2.0
"""Boxes that are shares of the input do not reach beyond it; of those in pixels some does."""

_LEAST_SPREAD = 0.15
"""Least standard deviation of the centres of boxes in shares of the frame; that of the cells is 0.29."""

_READS = (
    "one output of YOLO, (1, 4 + classes, cells), (1, cells, 4 + classes), with objectness (1, cells, 5 + classes), or "
    "end-to-end (1, N, 6), with decoded boxes, probabilities, and as many classes as model.json names"
)


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head="ultralytics", reads=_READS)
    layout = _layout(outputs, model, tensor_shape)
    if layout is None:
        raise network.refuse(
            f"its output is {network.shown}, and model.json has {len(model.classes)} classes and output.extra "
            f"{model.output.extra}"
        )
    rows = _rows(outputs, layout, model.output.extra)
    if not np.isfinite(rows).all():
        raise network.refuse("its output has values that are no numbers for a black frame")
    if layout in layouts.END_TO_END_LAYOUTS:
        network.check_probabilities(rows[:, _SCORE], "a score")
        rows = rows[rows[:, _SCORE] > 0]  # the others are empty
        classes, known = rows[:, _CLASS], len(model.classes) or np.inf
        if not ((classes % 1 == 0) & (classes >= 0) & (classes < known)).all():
            raise network.refuse(f"a box has the class {classes.max():g}, and model.json has {known} classes")
    else:
        network.check_probabilities(rows[:, _SCORE:], "a score")
        if layout == layouts.OBJECTNESS and (rows[:, _OBJECTNESS + 1 :] % 1 == 0).all():
            raise network.refuse("all probabilities are whole numbers, as if they were the classes of boxes")
    if len(rows):
        _check_boxes(network, rows[:, :_BOX], layout, model, tensor_shape)


def _check_boxes(
    network: NetworkOutputs, boxes: Floats, layout: str, model: Model, tensor_shape: tuple[int, ...]
) -> None:
    """Check that boxes are decoded, in the unit that the model says.

    Raises:
        ModelLoadError: they are not.
    """
    farthest = boxes.max()
    if model.output.normalised and farthest > _SHARES_REACH:
        raise network.refuse(f"a box reaches to {farthest:g}, so boxes are in pixels; output.normalised must be false")
    if not model.output.normalised and farthest <= _SHARES_REACH:
        raise network.refuse(f"boxes reach to {farthest:g}, so they are shares of the input; set output.normalised")
    if layout in layouts.NMS_IOU and not _all_over(boxes[:, :2], model, tensor_shape):
        raise network.refuse("centres of boxes do not lie all over the frame, so boxes are not decoded")
    corners = _corners(boxes, layout, model)
    if (corners[:, 2:] < corners[:, :2]).mean() > 0.5:
        raise network.refuse("most boxes have negative sizes, so they are not decoded")


def _all_over(centres: Floats, model: Model, tensor_shape: tuple[int, ...]) -> bool:
    """Tell whether the boxes of all cells lie where cells do, as those of an undecoded network do not."""
    if model.output.normalised:
        return bool(centres.std(axis=0).min() > _LEAST_SPREAD)
    return bool(centres.max() > min(tensor_shape[2:]) / 4)


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Decode the output in any layout; of a box the most probable class is answered, if it is wanted."""
    layout = _layout(outputs, model, tensor_shape)
    assert layout is not None, "other networks are refused when they are loaded"
    rows = _rows(outputs, layout, model.output.extra)
    if layout in layouts.END_TO_END_LAYOUTS:
        return _found(rows, *_of_one_class_a_row(rows, model, wanted), layout, model, tensor_shape).best(
            MAX_OF_ALL_CLASSES
        )
    iou = model.output.nms_iou or layouts.NMS_IOU.get(layout)
    found: Detections | None = None
    for part in _of_all_classes(rows, layout, model, wanted):
        more = _found(rows, *part, layout, model, tensor_shape)
        found = more if found is None else found.joined(more)
        found = suppress(found, iou=iou) if iou else found.best(MAX_OF_ALL_CLASSES)
        if len(found.scores) >= MAX_OF_ALL_CLASSES:  # a worse box suppresses no better one
            break
    assert found is not None
    return found


def _found(
    rows: Floats,
    chosen: Indices,
    scores: Floats,
    classes: Classes,
    layout: str,
    model: Model,
    tensor_shape: tuple[int, ...],
) -> Detections:
    boxes = _corners(rows[chosen, :_BOX], layout, model)
    if model.output.normalised:
        height, width = tensor_shape[2:]
        boxes = boxes * np.array([width, height, width, height], np.float32)
    return Detections(boxes, scores, classes=classes if model.classes else None)


def _layout(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> str | None:
    """Layout of the only list of boxes; None where there are several, or none or several layouts fit."""
    shapes = [output.shape for output in outputs.values() if output.ndim in layouts.RANKS]
    if len(shapes) != 1:
        return None
    height, width = tensor_shape[2:]
    classes, is_corners = len(model.classes) or None, model.output.boxes == "xyxy"
    fitting = layouts.fitting(shapes[0], classes=classes, extra=model.output.extra, height=height, width=width)
    if len(fitting) > 1 and layouts.END_TO_END in fitting:  # told by the order of a box's numbers alone
        fitting = {layout: count for layout, count in fitting.items() if (layout in layouts.NMS_IOU) != is_corners}
    return next(iter(fitting)) if len(fitting) == 1 else None


def _rows(outputs: Outputs, layout: str, extra: int) -> Floats:
    """One row a box, without the numbers that are not read."""
    (values,) = (output for output in outputs.values() if output.ndim in layouts.RANKS)
    if layout == layouts.BATCHED:
        rows: Floats = values[values[:, 0] == 0][:, (1, 2, 3, 4, 6, 5)]
        return rows
    rows = values[0].T if layout == layouts.COLUMNS else values[0]
    return rows[:, : rows.shape[1] - extra]


def _of_one_class_a_row(rows: Floats, model: Model, wanted: Wanted) -> tuple[Indices, Floats, Classes]:
    classes = rows[:, _CLASS].astype(np.int64)
    mask = _mask(model, wanted, int(classes.max(initial=0)) + 1)
    kept = rows[:, _SCORE] >= SCORE_FLOOR
    if mask is not None:
        kept &= mask[classes]
    chosen = np.flatnonzero(kept)
    return chosen, rows[chosen, _SCORE], classes[chosen]


def _of_all_classes(
    rows: Floats, layout: str, model: Model, wanted: Wanted
) -> Iterator[tuple[Indices, Floats, Classes]]:
    """Row numbers, scores and classes of rows above the score floor: of the best ones, then of the others."""
    has_objectness = layout == layouts.OBJECTNESS
    numbers = np.flatnonzero(rows[:, _OBJECTNESS] >= SCORE_FLOOR) if has_objectness else np.arange(len(rows))
    rows = rows[numbers] if has_objectness else rows
    probabilities = rows[:, _OBJECTNESS + 1 if has_objectness else _SCORE :]
    mask = _mask(model, wanted, probabilities.shape[1])
    best = (probabilities if mask is None else probabilities[:, mask]).max(axis=1, initial=0)
    if has_objectness:
        best = best * rows[:, _OBJECTNESS]
    likely = np.flatnonzero(best >= SCORE_FLOOR)
    parts = [likely]
    if len(likely) > _LIKELY:
        order = np.argpartition(-best[likely], _LIKELY - 1)
        parts = [likely[np.sort(part)] for part in (order[:_LIKELY], order[_LIKELY:])]  # equal scores stay in order
    for part in parts:
        classes = probabilities[part].argmax(axis=1)
        kept = slice(None) if mask is None else mask[classes]
        yield numbers[part][kept], best[part][kept], classes[kept]


def _mask(model: Model, wanted: Wanted, classes: int) -> Wanted:
    """Classes to answer of a network of so many, (classes,) bool; None for all."""
    if wanted is not None or model.target_class is None:
        return wanted
    mask = np.zeros(max(classes, len(model.classes), model.target_class + 1), bool)
    mask[model.target_class] = True
    return mask


def _corners(boxes: Floats, layout: str, model: Model) -> Floats:
    """Corners of boxes, (N, 4)."""
    if layout in layouts.END_TO_END_LAYOUTS and model.output.boxes != "cxcywh":
        return boxes
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
