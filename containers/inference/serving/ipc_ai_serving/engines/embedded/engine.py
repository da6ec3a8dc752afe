"""Models that ship inside installed wheels, so that a fresh machine has a real result without a download.

Both detectors are classic HOG detectors whose score is a distance to a separating plane, not a probability.
A logistic curve maps it to 0..1, centred at 0.5 (where false alarms give way to real finds on ordinary
photographs); it ranks detections and is not calibrated. dlib's face embedding runs on ONNX Runtime, in a thirteenth
of the time that dlib takes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Engine, Outputs
from ipc_ai_serving.engines.embedded import dlib_network
from ipc_ai_serving.engines.onnxruntime.engine import OnnxRuntimeEngine
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.vision.alignment import DLIB_MEAN_FACE, DLIB_NOSE_BASE, similarity

FACE_EMBEDDING = "dlib_face_recognition_resnet_model_v1.dat"
"""The file of dlib's face recognition network."""

_RgbImage = npt.NDArray[np.uint8]


class DlibFrontalFace(Engine):
    """dlib's frontal face detector and its 5-point landmark predictor.

    The same wheel has a predictor of 68 points, which was trained on data that forbids commercial use and is not
    used here.
    """

    def __init__(self) -> None:
        import dlib

        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(weights("shape_predictor_5_face_landmarks.dat")))

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Find faces in a (1, 3, height, width) float32 RGB 0-255 tensor: ``boxes``, ``scores``, ``landmarks``."""
        image = _image(tensor[0])
        boxes, distances, _ = self._detector.run(image, 1, 0.0)  # enlarged once, to find faces from 40 pixels on
        corners = [(box.left(), box.top(), box.right() + 1, box.bottom() + 1) for box in boxes]
        landmarks = [_five_landmarks(self._predictor(image, box)) for box in boxes]
        return {
            "boxes": np.array(corners, np.float32).reshape(-1, 4),
            "scores": _scores(distances),
            "landmarks": np.array(landmarks, np.float32).reshape(-1, 5, 2),
        }


class OpencvPeople(Engine):
    """OpenCV's default people detector."""

    _WINDOW_HEIGHT, _WINDOW_WIDTH = 128, 64

    def __init__(self) -> None:
        import cv2

        self._detector = cv2.HOGDescriptor()
        self._detector.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Find people in a (1, 3, height, width) float32 RGB 0-255 tensor: ``boxes``, ``scores``."""
        image = _image(tensor[0])
        if image.shape[0] < self._WINDOW_HEIGHT or image.shape[1] < self._WINDOW_WIDTH:
            return {"boxes": np.zeros((0, 4), np.float32), "scores": np.zeros(0, np.float32)}
        boxes, distances = self._detector.detectMultiScale(image, winStride=(8, 8), scale=1.05)
        corners = np.asarray(boxes, np.float32).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        return {"boxes": corners, "scores": _scores(np.ravel(distances))}


def dlib_face_embedding(threads: int) -> Engine:
    """The face recognition network of dlib: (N, 3, 150, 150) float32 RGB 0-255 to ``embedding`` (N, 128)."""
    path = weights(FACE_EMBEDDING)
    return OnnxRuntimeEngine(dlib_network.graph(path), name=path.name, input_name=dlib_network.INPUT, threads=threads)


_MODELS: dict[str, Callable[[int], Engine]] = {
    "dlib_frontal_face": lambda _: DlibFrontalFace(),
    "dlib_face_embedding": dlib_face_embedding,
    "opencv_people": lambda _: OpencvPeople(),
}
"""Function from the number of threads to the engine; the detectors of dlib and OpenCV do not use it."""


def load(model: Model, files: Mapping[str, Path], threads: int) -> Engine:
    """Load the model by its name in the catalogue."""
    if model.name not in _MODELS:
        raise ModelLoadError(f"no embedded model '{model.name}'; known: {', '.join(_MODELS)}")
    return _MODELS[model.name](threads)


def _image(planes: npt.NDArray[np.float32]) -> _RgbImage:
    """Convert (3, height, width) float32 0-255 to (height, width, 3) uint8."""
    return np.ascontiguousarray(planes.transpose(1, 2, 0)).astype(np.uint8)


def _scores(distances: npt.ArrayLike) -> npt.NDArray[np.float32]:
    scores: npt.NDArray[np.float32] = 1 / (1 + np.exp(-4 * (np.asarray(distances, np.float32) - 0.5)))
    return scores


def _five_landmarks(shape: object) -> npt.NDArray[np.float32]:
    """Both eyes as measured; tip of the nose and corners of the mouth as estimated from the mean face.

    The predictor measures the corners of both eyes and the base of the nose, the subject's left eye first. The
    mean face is laid over these points and gives the others.
    """
    points = np.array([(point.x, point.y) for point in shape.parts()], np.float32)  # type: ignore[attr-defined]
    eyes = np.array([points[2:4].mean(axis=0), points[0:2].mean(axis=0)])
    measured = np.vstack([eyes, points[4]])
    laid = similarity(np.vstack([DLIB_MEAN_FACE[:2], DLIB_NOSE_BASE]), measured)
    estimated = DLIB_MEAN_FACE[2:] @ laid[:, :2].T + laid[:, 2]
    return np.vstack([eyes, estimated]).astype(np.float32)


def weights(name: str) -> Path:
    """Find a file of the package face-recognition-models without importing it.

    The import needs pkg_resources, which current releases of setuptools have dropped.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    package = importlib.util.find_spec("face_recognition_models")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'face_recognition_models'", name="face-recognition-models")
    return Path(package.origin).parent / "models" / name
