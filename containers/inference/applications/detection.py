"""Face and body detection.

In: the image itself, or JSON ``{"image_bytes": BASE64, "short_size": PIXELS}``.
Out: ``{"width", "height", "channels", "bbox_scores": [[p], ...], "bbox_coords": [[x_min, y_min, x_max,
y_max], ...]}``, whole pixels of the frame sent, best first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import catalogue
from serving import content, images, model_folder
from serving.detections import Detections
from serving.detector import Detector
from serving.images import Frame
from serving.settings import settings

_MIN_SHORT_SIZE, _MAX_SHORT_SIZE = 32, 2048


@dataclass(frozen=True)
class DetectionRequest:
    """A frame and the short side at which the client wants it looked at, in pixels, or None."""

    frame: Frame
    short_size: int | None = None


@dataclass(frozen=True)
class DetectionAnswer:
    """The frame's shape (height, width, channels) and what was found in it."""

    shape: tuple[int, ...]
    detections: Detections


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
    limit = settings().max_frame_pixels
    if document is None:
        return DetectionRequest(images.decode(body, max_pixels=limit))
    image = content.base64_image(document, "image_bytes")
    short_size = content.whole_number(document, "short_size", minimum=_MIN_SHORT_SIZE, maximum=_MAX_SHORT_SIZE)
    return DetectionRequest(images.decode(image, max_pixels=limit), short_size)


def predict_fn(data: DetectionRequest, model: Detector) -> DetectionAnswer:
    """Runs the detector."""
    return DetectionAnswer(data.frame.shape, model.detect(data.frame, data.short_size))


def output_fn(prediction: DetectionAnswer, accept: str | None) -> tuple[bytes, str]:
    """Writes the answer as JSON."""
    height, width, channels = prediction.shape
    found = prediction.detections
    answer = {
        "width": width,
        "height": height,
        "channels": channels,
        "bbox_scores": [[round(float(score), 6)] for score in found.scores],
        "bbox_coords": [[round(float(edge)) for edge in box] for box in found.boxes],
    }
    return json.dumps(answer).encode(), "application/json"
