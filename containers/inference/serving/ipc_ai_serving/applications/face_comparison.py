"""Face comparison: the largest face of a source image against every face of one or more target images.

Input: JSON ``{"source_image_bytes": BASE64, "target_image_bytes": BASE64}``, or ``target_images_bytes`` with a
list; optional ``similarity_threshold``, ``min_confidence`` and ``max_results``.
Output: ``{"SourceImageFace": FACE or null, "FaceMatches": [{"Similarity": COSINE, "Face": FACE}, ...]}``, most
similar first; with a list of targets every match has its number in ``TargetImage``, counted from 0. FACE is
``{"BoundingBox": [x_min, y_min, x_max, y_max], "Confidence": p, "KeyPoints": {...}}`` in pixels of its image.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_serving import images, model_folder
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.images import Frame
from ipc_ai_serving.models.detector import Detector
from ipc_ai_serving.models.embedder import Embedder
from ipc_ai_serving.requests import content
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.settings import settings
from ipc_ai_serving.vision.detections import Detections

_KEY_POINTS = ("eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight")
# The score threshold of faces since the first release.
_MIN_CONFIDENCE = 0.65
_MAX_TARGETS = 20
_KEPT_SOURCES, _KEPT_SECONDS = 64, 600.0


@dataclass(frozen=True)
class Source:
    """The largest face of a source image and its embedding, (dimensions,) float32; None where there is no face."""

    face: Detections
    embedding: npt.NDArray[np.float32] | None


class FaceModels:
    """The detector and the embedder of a pair, with a cache of source faces.

    Cameras compare the same few people with frame after frame. A source seen within the last ten minutes is
    neither decoded nor embedded again. The key is a digest of its bytes; the value, a box and a vector, stays in
    memory.
    """

    def __init__(self, detector: Detector, embedder: Embedder) -> None:
        self.detector = detector
        self.embedder = embedder
        self._sources: OrderedDict[tuple[bytes, float], tuple[float, Source]] = OrderedDict()
        self._lock = threading.Lock()

    def source(self, encoded: bytes, *, min_confidence: float, max_pixels: int) -> Source:
        """Find and embed the source's largest face, or take it from the cache.

        Raises:
            ClientError: the image cannot be decoded.
        """
        key = (hashlib.sha256(encoded).digest(), min_confidence)
        now = time.monotonic()
        with self._lock:
            # The oldest come first, because a source joins at the end.
            while self._sources and next(iter(self._sources.values()))[0] < now - _KEPT_SECONDS:
                self._sources.popitem(last=False)
            if key in self._sources:
                return self._sources[key][1]
        frame = images.decode(encoded, max_pixels=max_pixels)
        face = _largest(self.faces(frame, min_confidence))
        found = Source(face, self.embeddings(frame, face)[0] if len(face.scores) else None)
        with self._lock:
            self._sources[key] = now, found
            self._sources.move_to_end(key)
            if len(self._sources) > _KEPT_SOURCES:
                self._sources.popitem(last=False)
        return found

    def faces(self, frame: Frame, min_confidence: float) -> Detections:
        """Detect the faces of a frame.

        Raises:
            ModelLoadError: the detector finds no landmarks.
        """
        faces = self.detector.detect(frame)
        if faces.landmarks is None:
            raise ModelLoadError(
                f"the detector '{self.detector.model.name}' finds no landmarks, which faces are aligned by"
            )
        return faces.take(np.flatnonzero(faces.scores >= min_confidence))

    def embeddings(self, frame: Frame, faces: Detections) -> npt.NDArray[np.float32]:
        """Embed the faces of a frame: (N, dimensions) float32."""
        assert faces.landmarks is not None
        return self.embedder.embed(frame, faces.landmarks)


@dataclass(frozen=True)
class ComparisonRequest:
    """Encoded images and the options of a request."""

    source: bytes
    targets: list[bytes]
    counts_targets: bool
    min_confidence: float
    similarity_threshold: float
    max_results: int | None


@dataclass(frozen=True)
class Match:
    """A face of a target and its cosine similarity to the source's face."""

    similarity: float
    target: int
    faces: Detections
    index: int


@dataclass(frozen=True)
class Comparison:
    """The source's largest face, or no face, and the matches, most similar first."""

    source: Detections
    matches: list[Match]
    counts_targets: bool


def model_fn(model_dir: str) -> FaceModels:
    """Load the pair ``DETECTOR+EMBEDDER`` that the environment names."""
    names = settings().model_name.split("+")
    if len(names) != 2:
        raise ModelLoadError(f"face comparison needs DETECTOR+EMBEDDER as its model, not '{settings().model_name}'")
    detector, embedder = (model_folder.chosen(name, settings(), model_dir=Path(model_dir)) for name in names)
    threads = parallelism().engine_threads
    return FaceModels(Detector.load(detector, threads=threads), Embedder.load(embedder, threads=threads))


def input_fn(body: bytes, content_type: str | None) -> ComparisonRequest:
    """Read the JSON and check the options."""
    document = content.image_or_json(content_type, body)
    if document is None:
        raise ClientError("face comparison needs two images; send JSON with source_image_bytes and target_image_bytes")
    if "images" in document:
        raise ClientError(
            "face comparison takes no S3 URIs; send source_image_bytes and target_image_bytes with the images in base64"
        )
    encoded = content.base64_image(document, "source_image_bytes")
    targets, counted = _targets(document)
    images.check_together([encoded, *targets], max_pixels=settings().max_frame_pixels)
    return ComparisonRequest(
        source=encoded,
        targets=targets,
        counts_targets=counted,
        min_confidence=_or(content.number(document, "min_confidence", minimum=0, maximum=1), _MIN_CONFIDENCE),
        similarity_threshold=_or(content.number(document, "similarity_threshold", minimum=-1, maximum=1), -1),
        max_results=content.whole_number(document, "max_results", minimum=1, maximum=1000),
    )


def predict_fn(data: ComparisonRequest, model: FaceModels) -> Comparison:
    """Embed the source's largest face once and every face of the targets, and compare them."""
    limit = settings().max_frame_pixels
    matches = []
    with traffic.holding_core():
        source = model.source(data.source, min_confidence=data.min_confidence, max_pixels=limit)
        targets = [images.decode(target, max_pixels=limit) for target in data.targets]
        if source.embedding is None:
            return Comparison(source.face, [], data.counts_targets)
        for number, target in enumerate(targets):
            faces = model.faces(target, data.min_confidence)
            similarities = model.embeddings(target, faces) @ source.embedding
            matches += [Match(float(value), number, faces, index) for index, value in enumerate(similarities)]
    kept = [match for match in matches if match.similarity >= data.similarity_threshold]
    kept.sort(key=lambda match: -match.similarity)
    return Comparison(source.face, kept[: data.max_results], data.counts_targets)


def output_fn(prediction: Comparison, accept: str | None) -> tuple[bytes, str]:
    """Write the answer as JSON."""
    found = len(prediction.source.scores)
    answer = {
        "SourceImageFace": _face(prediction.source, 0) if found else None,
        "FaceMatches": [
            {"Similarity": match.similarity, "Face": _face(match.faces, match.index)}
            | ({"TargetImage": match.target} if prediction.counts_targets else {})
            for match in prediction.matches
        ],
    }
    return json.dumps(answer).encode(), content.JSON_TYPE


def _targets(document: Mapping[str, Any]) -> tuple[list[bytes], bool]:
    """The encoded target images, and True where the client sent a list."""
    if "target_images_bytes" not in document:
        return [content.base64_image(document, "target_image_bytes")], False
    return content.base64_images(document, "target_images_bytes", maximum=_MAX_TARGETS), True


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _largest(faces: Detections) -> Detections:
    sides = faces.boxes[:, 2:] - faces.boxes[:, :2]
    return faces.take(np.argsort(-sides.prod(axis=1), kind="stable")[:1])


def _face(faces: Detections, index: int) -> dict[str, Any]:
    assert faces.landmarks is not None
    return {
        "BoundingBox": faces.boxes[index].tolist(),
        "Confidence": float(faces.scores[index]),
        "KeyPoints": dict(zip(_KEY_POINTS, faces.landmarks[index].tolist(), strict=True)),
    }
