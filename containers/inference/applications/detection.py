"""Face and body detection.

In: the image itself, or JSON ``{"image_bytes": BASE64, "short_size": PIXELS}``. Options are keys of the JSON, or
parameters of the image's content type: ``min_confidence``, ``max_results``, ``normalized`` (boxes in 0..1).
Out: ``{"width", "height", "channels", "bbox_scores": [[p], ...], "bbox_coords": [[x_min, y_min, x_max,
y_max], ...]}``, whole pixels of the frame sent, best first.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import catalogue
from serving import content, images, model_folder
from serving.detections import Detections
from serving.detector import Detector
from serving.images import Frame
from serving.settings import settings

_MIN_SHORT_SIZE, _MAX_SHORT_SIZE = 32, 2048


@dataclass(frozen=True)
class DetectionRequest:
    """A frame and what the client wants of the answer.

    Attributes:
        frame: the frame.
        short_size: short side in pixels at which to look at it, or None for the model's own.
        min_confidence: weakest detection to answer with.
        max_results: detections at most, or None.
        normalized: whether boxes are in 0..1 of the frame instead of pixels.
    """

    frame: Frame
    short_size: int | None
    min_confidence: float
    max_results: int | None
    normalized: bool


@dataclass(frozen=True)
class DetectionAnswer:
    """The frame's shape (height, width, channels) and what was found in it."""

    shape: tuple[int, ...]
    detections: Detections
    normalized: bool


def model_fn(model_dir: str) -> Detector:
    """Loads the detector that the environment names."""
    folder = model_folder.find(
        settings().model_name,
        settings().application_type,
        model_dir=Path(model_dir),
        model_store=settings().model_store,
        catalogue=catalogue.load(),
    )
    return Detector.load(folder, threads=settings().engine_threads)


def input_fn(body: bytes, content_type: str | None) -> DetectionRequest:
    """Decodes the frame."""
    document = content.image_or_json(content_type, body)
    image = body if document is None else content.base64_image(document, "image_bytes")
    options = content.parameters(content_type) if document is None else document
    request = functools.partial(
        DetectionRequest,
        short_size=content.whole_number(options, "short_size", minimum=_MIN_SHORT_SIZE, maximum=_MAX_SHORT_SIZE),
        min_confidence=content.number(options, "min_confidence", minimum=0, maximum=1) or 0.0,
        max_results=content.whole_number(options, "max_results", minimum=1, maximum=1000),
        normalized=content.flag(options, "normalized"),
    )
    return request(frame=images.decode(image, max_pixels=settings().max_frame_pixels))


def predict_fn(data: DetectionRequest, model: Detector) -> DetectionAnswer:
    """Runs the detector."""
    found = model.detect(data.frame, data.short_size)
    wanted = np.flatnonzero(found.scores >= data.min_confidence)[: data.max_results]
    return DetectionAnswer(data.frame.shape, found.take(wanted), data.normalized)


def output_fn(prediction: DetectionAnswer, accept: str | None) -> tuple[bytes, str]:
    """Writes the answer as JSON."""
    height, width, channels = prediction.shape
    found = prediction.detections
    answer = {
        "width": width,
        "height": height,
        "channels": channels,
        "bbox_scores": [[round(float(score), 6)] for score in found.scores],
        "bbox_coords": _coordinates(found.boxes, np.array([width, height] * 2), prediction.normalized),
    }
    return json.dumps(answer).encode(), "application/json"


def _coordinates(
    boxes: npt.NDArray[np.float32], frame_size: npt.NDArray[np.int_], normalized: bool
) -> list[list[float]] | list[list[int]]:
    if normalized:
        shares: list[list[float]] = np.round(boxes / frame_size, 6).tolist()
        return shares
    pixels: list[list[int]] = np.round(boxes).astype(int).tolist()
    return pixels
