"""YOLOX: one anchor a cell, boxes as offset and log size.

Source of the formulas: Megvii YOLOX, ``yolox/utils/demo_utils.py`` (``demo_postprocess``):
centre = (cell + xy) * stride, size = exp(wh) * stride, score = objectness * class probability,
NMS at IoU 0.45, by class. The class is the most probable one (``yolox/utils/boxes.py``, ``postprocess``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._grid import cells
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.models.heads._suppression import suppress
from ipc_ai_serving.vision.detections import SCORE_FLOOR, Detections, Wanted

_STRIDES = (8, 16, 32)
_NMS_IOU = 0.45
_OBJECTNESS, _CLASSES = 4, 5
_READS = (
    "one output (1, cells, 5 + classes) of YOLOX, with a cell for each step of 8, 16 and 32 pixels: offset and "
    "logarithm of the size, then objectness and classes as probabilities (exported without --decode_in_inference)"
)


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head="yolox", reads=_READS)
    corners, strides = cells(tensor_shape[2], tensor_shape[3], _STRIDES)
    (rows,) = network.in_order((1, len(corners), None))
    classes = rows.shape[1] - _CLASSES
    if model.target_class is None and classes != len(model.classes):
        raise network.refuse(f"its rows have {rows.shape[1]} values, and classes has {len(model.classes)} names")
    if classes < 1 or (classes > 1 and (model.target_class or 0) >= classes):
        raise network.refuse(f"its rows have {rows.shape[1]} values, and target_class is {model.target_class}")
    network.check_probabilities(rows[:, _OBJECTNESS:], "an objectness or class")
    network.check_sizes(rows[:, 2:4], strides, tensor_shape)


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Decode one (1, cells, 5 + classes) float32 output: the model's target class, or all where it has none.

    Rows with a single class have the target's (``ipc_ai_serving.engines.onnxruntime.shortcuts``).
    """
    (rows,) = (output[0] for output in outputs.values())
    if model.target_class is None:
        return _of_all_classes(rows, tensor_shape, wanted)
    alone = rows.shape[1] == _CLASSES + 1
    scores = rows[:, _OBJECTNESS] * rows[:, _CLASSES if alone else _CLASSES + model.target_class]
    chosen = np.flatnonzero(scores >= SCORE_FLOOR)  # a few out of thousands
    return suppress(Detections(_boxes(rows, chosen, tensor_shape), scores[chosen]), iou=_NMS_IOU)


def _of_all_classes(rows: npt.NDArray[np.float32], tensor_shape: tuple[int, ...], wanted: Wanted) -> Detections:
    certain = np.flatnonzero(rows[:, _OBJECTNESS] >= SCORE_FLOOR)
    probabilities = rows[certain, _CLASSES:]
    classes = probabilities.argmax(axis=1)
    scores = rows[certain, _OBJECTNESS] * probabilities.max(axis=1, initial=0)
    kept = scores >= SCORE_FLOOR
    if wanted is not None:
        kept &= wanted[classes]
    chosen = certain[kept]
    found = Detections(_boxes(rows, chosen, tensor_shape), scores[kept], classes=classes[kept])
    return suppress(found, iou=_NMS_IOU)


def _boxes(
    rows: npt.NDArray[np.float32], chosen: npt.NDArray[np.intp], tensor_shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    corners, strides = (table[chosen] for table in cells(tensor_shape[2], tensor_shape[3], _STRIDES))
    centres = (rows[chosen, 0:2] + corners) * strides
    half = np.exp(rows[chosen, 2:4]) * strides / 2
    return np.concatenate([centres - half, centres + half], axis=1)
