"""YOLOX: one anchor a cell, boxes as offset and log size.

Source of the formulas: Megvii YOLOX, ``yolox/utils/demo_utils.py`` (``demo_postprocess``):
centre = (cell + xy) * stride, size = exp(wh) * stride, score = objectness * class probability,
NMS at IoU 0.45.
"""

from __future__ import annotations

import numpy as np

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._grid import cells
from ipc_ai_serving.models.heads._suppression import suppress
from ipc_ai_serving.vision.detections import SCORE_FLOOR, Detections

_STRIDES = (8, 16, 32)
_NMS_IOU = 0.45
_OBJECTNESS, _CLASSES = 4, 5


def decode(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> Detections:
    """Decode the target class of one (1, cells, 5 + classes) float32 output, in network pixels.

    Rows with a single class have the target's (``ipc_ai_serving.engines.onnxruntime.shortcuts``).
    """
    (rows,) = (output[0] for output in outputs.values())
    alone = rows.shape[1] == _CLASSES + 1
    scores = rows[:, _OBJECTNESS] * rows[:, _CLASSES if alone else _CLASSES + model.target_class]
    chosen = np.flatnonzero(scores >= SCORE_FLOOR)  # a few out of thousands
    corners, strides = (table[chosen] for table in cells(tensor_shape[2], tensor_shape[3], _STRIDES))
    centres = (rows[chosen, 0:2] + corners) * strides
    half = np.exp(rows[chosen, 2:4]) * strides / 2
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    return suppress(Detections(boxes, scores[chosen]), iou=_NMS_IOU)
