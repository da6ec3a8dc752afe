"""YuNet: one anchor a cell, with objectness, box and five landmarks.

Source of the formulas: OpenCV ``modules/objdetect/src/face_detect.cpp`` and libfacedetection.train:
score = sqrt(cls * obj), centre = (cell + xy) * stride, size = exp(wh) * stride,
landmark = (cell + xy) * stride, NMS at IoU 0.3.
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
_NMS_IOU = 0.3
_READS = (
    "the twelve outputs of YuNet, cls, obj, bbox and kps with _8, _16 and _32, each (1, cells, values): probabilities, "
    "then offsets and logarithms of sizes"
)


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head="yunet", reads=_READS)
    for stride in _STRIDES:
        corners, strides = cells(tensor_shape[2], tensor_shape[3], (stride,))
        for kind in ("cls", "obj"):
            network.check_probabilities(network.named(f"{kind}_{stride}", (1, len(corners), 1)), "a score")
        network.check_sizes(network.named(f"bbox_{stride}", (1, len(corners), 4))[:, 2:4], strides, tensor_shape)
        network.named(f"kps_{stride}", (1, len(corners), 10))


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Decode faces from the twelve outputs ``cls_8`` .. ``kps_32``, each (1, cells, values), in network pixels."""

    def all_strides(kind: str) -> npt.NDArray[np.float32]:
        return np.concatenate([outputs[f"{kind}_{stride}"][0] for stride in _STRIDES])

    scores = np.sqrt(np.clip(all_strides("cls"), 0, 1) * np.clip(all_strides("obj"), 0, 1))[:, 0]
    chosen = np.flatnonzero(scores >= SCORE_FLOOR)  # a few out of thousands
    corners, strides = (table[chosen] for table in cells(tensor_shape[2], tensor_shape[3], _STRIDES))
    box = all_strides("bbox")[chosen]
    centres = (corners + box[:, 0:2]) * strides
    half = np.exp(box[:, 2:4]) * strides / 2
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    landmarks = (all_strides("kps")[chosen].reshape(-1, 5, 2) + corners[:, None]) * strides[:, None]
    return suppress(Detections(boxes, scores[chosen], landmarks), iou=_NMS_IOU)
