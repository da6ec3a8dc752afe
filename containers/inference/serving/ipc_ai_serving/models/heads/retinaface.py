"""RetinaFace: two square anchors a cell, boxes and five landmarks as offsets from them.

Source of the formulas: InsightFace ``RetinaFace/retinaface.py`` and ``rcnn/processing/generate_anchor.py``.
An anchor of scale s covers 16 * s pixels and is centred on the middle of the cell's first 16 pixels, that
is, at 7.5 when pixels are numbered from 0; a box reaches from its first to its last pixel, so its width is
x_max - x_min + 1. NMS at IoU 0.4.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.models.heads._suppression import suppress
from ipc_ai_serving.vision.detections import Detections, Wanted

_ANCHOR_SCALES = {32: (32, 16), 16: (8, 4), 8: (2, 1)}
_BASE_SIZE = 16
_NMS_IOU = 0.4
_SCORE_FLOOR = 0.02  # nearly all of the thousands of anchors are below
_READS = (
    "the nine outputs of RetinaFace, face_rpn_{cls_prob_reshape,bbox_pred,landmark_pred}_stride{32,16,8}: of two "
    "anchors a cell the probabilities, offsets of boxes and offsets of landmarks"
)


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    by_name = {name.removesuffix("_output"): output for name, output in outputs.items()}
    network = NetworkOutputs(by_name, head="retinaface", reads=_READS)
    for stride, scales in _ANCHOR_SCALES.items():
        count = len(scales)
        scores = network.named(f"face_rpn_cls_prob_reshape_stride{stride}", (1, 2 * count, None, None))
        network.check_probabilities(scores, "a score")
        for kind, values in (("bbox", 4), ("landmark", 10)):
            network.named(f"face_rpn_{kind}_pred_stride{stride}", (1, values * count, *scores.shape[1:]))


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Decode faces from the nine outputs ``face_rpn_{cls_prob_reshape,bbox_pred,landmark_pred}_stride{32,16,8}``.

    Each is (1, values * anchors, rows, columns): class probabilities with background first, boxes as
    (dx, dy, dw, dh), landmarks as five times (dx, dy).
    """
    by_name = {name.removesuffix("_output"): output[0] for name, output in outputs.items()}
    boxes, scores, landmarks = [], [], []
    for stride, scales in _ANCHOR_SCALES.items():
        count = len(scales)
        probabilities = by_name[f"face_rpn_cls_prob_reshape_stride{stride}"]
        rows, columns = probabilities.shape[1:]
        score = probabilities[count:].transpose(1, 2, 0).reshape(-1)
        chosen = np.flatnonzero(score >= _SCORE_FLOOR)
        centres, sizes = _anchors(rows, columns, stride)
        centres, sizes = centres[chosen], sizes[chosen]
        box = _by_anchor(by_name[f"face_rpn_bbox_pred_stride{stride}"], 4)[chosen]
        points = _by_anchor(by_name[f"face_rpn_landmark_pred_stride{stride}"], 10)[chosen].reshape(-1, 5, 2)
        middle = box[:, :2] * sizes + centres
        half = (np.exp(box[:, 2:]) * sizes - 1) / 2
        boxes.append(np.concatenate([middle - half, middle + half], axis=1))
        scores.append(score[chosen])
        landmarks.append(points * model.landmark_std * sizes[:, None] + centres[:, None])
    found = Detections(np.concatenate(boxes), np.concatenate(scores), np.concatenate(landmarks))
    return suppress(found, iou=_NMS_IOU)


def _by_anchor(output: npt.NDArray[np.float32], values: int) -> npt.NDArray[np.float32]:
    """Transpose (values * anchors, rows, columns) to (rows * columns * anchors, values)."""
    return output.transpose(1, 2, 0).reshape(-1, values)


@functools.lru_cache(maxsize=64)
def _anchors(rows: int, columns: int, stride: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Centres (anchors, 2) and sides (anchors, 1) in pixels, row by row, cell by cell; cached, so read only."""
    scales = _ANCHOR_SCALES[stride]
    row, column = np.divmod(np.arange(rows * columns), columns)
    corners = np.stack([column, row], axis=1) * stride
    centres = np.repeat(corners + (_BASE_SIZE - 1) / 2, len(scales), axis=0)
    sides = np.tile(np.array(scales) * _BASE_SIZE, rows * columns)[:, None]
    return centres.astype(np.float32), sides.astype(np.float32)
