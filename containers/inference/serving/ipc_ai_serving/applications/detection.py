"""Detection of faces, of bodies, or of all objects that a model knows.

Input: the image itself, or JSON ``{"image_bytes": BASE64, "short_size": PIXELS}``, ``{"images_bytes": [BASE64, ...]}``
or ``{"images": ["s3://BUCKET/KEY", ...], "clip": BOOL}``. Options are keys of the JSON, or parameters of the image's
content type: ``min_confidence``, ``max_results``, ``normalized`` (boxes in 0..1), ``classes`` (names to answer).
Output: ``{"width", "height", "channels", "bbox_scores": [[p], ...], "bbox_coords": [[x_min, y_min, x_max,
y_max], ...], "bbox_labels": [NAME, ...]}``, in whole pixels of the frame as sent, best first; for several frames
``{"results": [...]}`` with one such object a frame, in the order sent.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_serving import model_folder
from ipc_ai_serving.frames import EncodedFrames
from ipc_ai_serving.images import FrameSize
from ipc_ai_serving.models.detector import Detector
from ipc_ai_serving.requests import content
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.settings import settings
from ipc_ai_serving.vision.detections import Detections

_MIN_SHORT_SIZE, _MAX_SHORT_SIZE = 32, 2048
_TEXTS = ("classes",)
_CHANNELS = 3  # grey frames are decoded to three as well


@dataclass(frozen=True, kw_only=True)
class DetectionOptions:
    """Options of a request, which hold for all of its frames.

    Attributes:
        short_size: short side at the network input in pixels, or None for the model's own.
        min_confidence: score threshold; weaker detections are left out.
        max_results: most detections a frame, or None for no limit.
        normalized: True for boxes in 0..1 of the frame instead of pixels.
        classes: names of the classes to answer; empty for all.
    """

    short_size: int | None
    min_confidence: float
    max_results: int | None
    normalized: bool
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DetectionRequest(EncodedFrames):
    """Frames and options of a request.

    Attributes:
        wanted: the options.
    """

    wanted: DetectionOptions


@dataclass(frozen=True)
class DetectionAnswer:
    """Detections of each frame with their names and its width and height as sent, and the form of the answer."""

    found: list[tuple[FrameSize, Detections, list[str]]]
    several: bool
    normalized: bool


def model_fn(model_dir: str) -> Detector:
    """Load the detector that the environment names."""
    folder = model_folder.chosen(settings().model_name, settings(), model_dir=Path(model_dir))
    return Detector.load(folder, threads=parallelism().engine_threads, application=settings().application_type)


def input_fn(body: bytes, content_type: str | None) -> DetectionRequest:
    """Read the JSON and check the options."""
    document = content.image_or_json(content_type, body)
    options = content.parameters(content_type, texts=_TEXTS) if document is None else document
    wanted = DetectionOptions(
        short_size=content.whole_number(options, "short_size", minimum=_MIN_SHORT_SIZE, maximum=_MAX_SHORT_SIZE),
        min_confidence=content.number(options, "min_confidence", minimum=0, maximum=1) or 0.0,
        max_results=content.whole_number(options, "max_results", minimum=1, maximum=1000),
        normalized=content.flag(options, "normalized"),
        classes=content.names(options, "classes"),
    )
    return DetectionRequest(body, document, wanted)


def predict_fn(data: DetectionRequest, model: Detector) -> DetectionAnswer:
    """Decode the frames and run the detector on each in turn."""
    wanted = data.wanted
    classes = model.classes.wanted(wanted.classes)
    found = []
    with traffic.holding_core():
        sent = data.frames(functools.partial(model.looks_at, short_size=wanted.short_size))
        for frame, size in zip(sent.frames, sent.sizes, strict=True):
            everything = model.detect(frame, wanted.short_size, sent=size, wanted=classes)
            kept = np.flatnonzero(everything.scores >= wanted.min_confidence)[: wanted.max_results]
            answered = everything.take(kept)
            found.append((size, answered, model.classes.names_of(answered.classes, len(kept))))
    return DetectionAnswer(found, sent.several, wanted.normalized)


def output_fn(prediction: DetectionAnswer, accept: str | None) -> tuple[bytes, str]:
    """Write the answer as JSON."""
    answers = [_frame_answer(*found, prediction.normalized) for found in prediction.found]
    answer = {"results": answers} if prediction.several else answers[0]
    return json.dumps(answer).encode(), content.JSON_TYPE


def _frame_answer(size: FrameSize, found: Detections, names: list[str], normalized: bool) -> dict[str, Any]:
    width, height = size
    return {
        "width": width,
        "height": height,
        "channels": _CHANNELS,
        "bbox_scores": [[round(score, 6)] for score in found.scores.tolist()],
        "bbox_coords": _coordinates(found.boxes, np.array([width, height] * 2), normalized),
        "bbox_labels": names,
    }


def _coordinates(
    boxes: npt.NDArray[np.float32], frame_size: npt.NDArray[np.int_], normalized: bool
) -> list[list[float]] | list[list[int]]:
    if normalized:
        shares: list[list[float]] = np.round(boxes / frame_size, 6).tolist()
        return shares
    pixels: list[list[int]] = np.round(boxes).astype(int).tolist()
    return pixels
