"""Classification of images: the most probable classes of each frame.

Input: as for a detection, the image itself, or JSON with one or several images in base64, or with S3 URIs. Options are
keys of the JSON, or parameters of the image's content type: ``min_confidence``, ``max_results`` (5 by default),
``classes`` (names to answer).
Output: ``{"width", "height", "channels", "labels": [NAME, ...], "scores": [p, ...]}``, best first; for several frames
``{"results": [...]}`` with one such object a frame, in the order sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving import model_folder
from ipc_ai_serving.frames import EncodedFrames
from ipc_ai_serving.images import FrameSize
from ipc_ai_serving.models.classifier import Classifier, Scores
from ipc_ai_serving.requests import content
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.settings import settings
from ipc_ai_serving.vision.detections import Wanted

_TEXTS = ("classes",)
_MOST_RESULTS = 5
_CHANNELS = 3  # grey frames are decoded to three as well


@dataclass(frozen=True)
class ClassificationRequest(EncodedFrames):
    """Frames and options of a request.

    Attributes:
        min_confidence: score threshold; classes with a lower score are left out.
        max_results: most classes a frame.
        classes: names of the classes to answer; empty for all.
    """

    min_confidence: float
    max_results: int
    classes: tuple[str, ...]


@dataclass(frozen=True)
class ClassificationAnswer:
    """Width and height of each frame as sent, names and scores of its classes, and the form of the answer."""

    found: list[tuple[FrameSize, list[str], list[float]]]
    several: bool


def model_fn(model_dir: str) -> Classifier:
    """Load the classifier that the environment names."""
    folder = model_folder.chosen(settings().model_name, settings(), model_dir=Path(model_dir))
    return Classifier.load(folder, threads=parallelism().engine_threads)


def input_fn(body: bytes, content_type: str | None) -> ClassificationRequest:
    """Read the JSON and check the options."""
    document = content.image_or_json(content_type, body)
    options = content.parameters(content_type, texts=_TEXTS) if document is None else document
    return ClassificationRequest(
        body,
        document,
        min_confidence=content.number(options, "min_confidence", minimum=0, maximum=1) or 0.0,
        max_results=content.whole_number(options, "max_results", minimum=1, maximum=1000) or _MOST_RESULTS,
        classes=content.names(options, "classes"),
    )


def predict_fn(data: ClassificationRequest, model: Classifier) -> ClassificationAnswer:
    """Decode the frames and run the classifier on each in turn."""
    wanted = model.classes.wanted(data.classes)
    found = []
    with traffic.holding_core():
        sent = data.frames(model.looks_at)
        for frame, size in zip(sent.frames, sent.sizes, strict=True):
            scores = model.scores(frame, sent=size)
            best = _best(scores, wanted, data)
            found.append((size, [model.classes.names[index] for index in best], scores[best].tolist()))
    return ClassificationAnswer(found, sent.several)


def output_fn(prediction: ClassificationAnswer, accept: str | None) -> tuple[bytes, str]:
    """Write the answer as JSON."""
    answers = [_frame_answer(*found) for found in prediction.found]
    answer = {"results": answers} if prediction.several else answers[0]
    return json.dumps(answer).encode(), content.JSON_TYPE


def _best(scores: Scores, wanted: Wanted, data: ClassificationRequest) -> list[int]:
    """Indexes of the classes to answer, best first."""
    enough = scores >= data.min_confidence
    candidates = np.flatnonzero(enough if wanted is None else enough & wanted)
    order = np.argsort(-scores[candidates], kind="stable")[: data.max_results]
    best: list[int] = candidates[order].tolist()
    return best


def _frame_answer(size: FrameSize, names: list[str], scores: list[float]) -> dict[str, Any]:
    width, height = size
    return {
        "width": width,
        "height": height,
        "channels": _CHANNELS,
        "labels": names,
        "scores": [round(score, 6) for score in scores],
    }
