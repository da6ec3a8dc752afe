"""Detectors that ship inside installed wheels: nothing to download, so a fresh machine has a real result.

Both are classic HOG detectors whose score is a distance to a separating plane, not a probability. A
logistic curve maps it to 0..1, centred at 0.5 (where false alarms give way to real finds on ordinary
photographs); it ranks detections and is not calibrated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalogue import Model
from serving.engines import Engine, Outputs
from serving.errors import ModelLoadError

_RgbImage = npt.NDArray[np.uint8]
_Find = Callable[[_RgbImage], tuple[list[tuple[float, float, float, float]], list[float]]]


class EmbeddedEngine:
    """A detector over one raw RGB frame."""

    def __init__(self, find: _Find) -> None:
        self._find = find

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Detects in a (1, 3, height, width) float32 RGB 0-255 tensor: ``boxes`` (N, 4), ``scores`` (N,)."""
        image = np.ascontiguousarray(tensor[0].transpose(1, 2, 0)).astype(np.uint8)
        boxes, distances = self._find(image)
        scores = 1 / (1 + np.exp(-4 * (np.asarray(distances, np.float32) - 0.5)))
        return {"boxes": np.asarray(boxes, np.float32).reshape(-1, 4), "scores": scores.astype(np.float32)}


def _dlib_frontal_face() -> _Find:
    import dlib

    detector = dlib.get_frontal_face_detector()

    def find(image: _RgbImage) -> tuple[list[tuple[float, float, float, float]], list[float]]:
        rectangles, distances, _ = detector.run(image, 1, 0.0)  # enlarged once: finds faces from 40 px
        return [(box.left(), box.top(), box.right() + 1, box.bottom() + 1) for box in rectangles], list(distances)

    return find


def _opencv_people() -> _Find:
    import cv2

    descriptor = cv2.HOGDescriptor()
    descriptor.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))

    def find(image: _RgbImage) -> tuple[list[tuple[float, float, float, float]], list[float]]:
        if image.shape[0] < 128 or image.shape[1] < 64:  # smaller than the detector's window
            return [], []
        boxes, distances = descriptor.detectMultiScale(image, winStride=(8, 8), scale=1.05)
        return [(x, y, x + width, y + height) for x, y, width, height in boxes], list(np.ravel(distances))

    return find


_DETECTORS: dict[str, Callable[[], _Find]] = {
    "dlib_frontal_face": _dlib_frontal_face,
    "opencv_people": _opencv_people,
}


def load(model: Model, files: Mapping[str, Path], threads: int) -> Engine:
    """Loads the detector that the model is named after."""
    if model.name not in _DETECTORS:
        raise ModelLoadError(f"no embedded detector '{model.name}'; known: {', '.join(_DETECTORS)}")
    return EmbeddedEngine(_DETECTORS[model.name]())
