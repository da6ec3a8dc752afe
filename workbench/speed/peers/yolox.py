"""YOLOX with OpenCV and ONNX Runtime, as a careful user serves it: a JPEG in, the product's JSON out."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_SIDE = 416
_PADDING = 114  # grey, as YOLOX was trained with
_STRIDES = (8, 16, 32)
_SCORE_FLOOR, _IOU, _MOST = 0.01, 0.45, 100
_PERSON = 5  # column of the first class of COCO


class Yolox:
    """The detector of one process, with one thread: a server has a process a core.

    Threads may share it.
    """

    def __init__(self, model: Path) -> None:
        """Load the model and runs it once."""
        import onnxruntime

        cv2.setNumThreads(1)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._session.run(None, {self._input: np.zeros((1, 3, _SIDE, _SIDE), np.float32)})

    def people(self, jpeg: bytes) -> dict[str, Any]:
        """Boxes of people in pixels of the frame, best first.

        Raises:
            ValueError: this is no image.
        """
        frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if frame is None:
            raise ValueError("this is no image")
        height, width = frame.shape[:2]
        scale = min(_SIDE / width, _SIDE / height)
        (rows,) = self._session.run(None, {self._input: _letterboxed(frame, scale)})[0]
        boxes, scores = _decoded(rows)
        corners = np.clip(boxes.reshape(-1, 2, 2) / scale, 0, (width, height)).reshape(-1, 4)
        return {
            "width": width,
            "height": height,
            "channels": 3,
            "bbox_scores": [[round(score, 6)] for score in scores.tolist()],
            "bbox_coords": corners.round().astype(int).tolist(),
        }


def _letterboxed(frame: cv2.typing.MatLike, scale: float) -> npt.NDArray[np.float32]:
    """(1, 3, side, side) float32 BGR, the frame in the upper left corner."""
    height, width = frame.shape[:2]
    resized = cv2.resize(frame, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_LINEAR)
    square = np.full((_SIDE, _SIDE, 3), _PADDING, np.uint8)
    square[: resized.shape[0], : resized.shape[1]] = resized
    return cv2.dnn.blobFromImage(square).astype(np.float32, copy=False)


def _decoded(rows: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Boxes (N, 4) in pixels of the network and their scores (N,), after non-maximum suppression.

    Source of the formulas: Megvii YOLOX, ``yolox/utils/demo_utils.py`` (``demo_postprocess``).
    """
    scores = rows[:, 4] * rows[:, _PERSON]
    found = np.flatnonzero(scores >= _SCORE_FLOOR)
    corners, strides = (table[found] for table in _cells())
    centres = (rows[found, 0:2] + corners) * strides
    sides = np.exp(rows[found, 2:4]) * strides
    boxes, scores = np.concatenate([centres - sides / 2, sides], axis=1), scores[found]
    kept = np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), scores, _SCORE_FLOOR, _IOU), np.intp).reshape(-1)[:_MOST]
    return np.concatenate([boxes[kept, :2], boxes[kept, :2] + boxes[kept, 2:]], axis=1), scores[kept]


@functools.cache
def _cells() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Column and row (cells, 2) and stride (cells, 1) of each cell of the feature maps."""
    corners, strides = [], []
    for stride in _STRIDES:
        cells = _SIDE // stride
        row, column = np.divmod(np.arange(cells * cells), cells)
        corners.append(np.stack([column, row], axis=1))
        strides.append(np.full((cells * cells, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(strides).astype(np.float32)
