"""Results of a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SCORE_FLOOR = 0.01
"""Boxes below it are noise and never leave a head (GluonCV's own validity threshold)."""

MAX_DETECTIONS = 100
"""Most boxes a frame of a network of one class, of which the best are kept (GluonCV's ``post_nms``)."""

MAX_OF_ALL_CLASSES = 300
"""Most boxes a frame of a network of several classes (Ultralytics' ``max_det``, RT-DETR's queries)."""

Wanted: TypeAlias = npt.NDArray[np.bool_] | None
"""Classes to answer, (classes,) bool by class index of the network; None for all."""


@dataclass(frozen=True)
class Detections:
    """Boxes in descending order of score.

    Attributes:
        boxes: (N, 4) float32, x_min, y_min, x_max, y_max in pixels.
        scores: (N,) float32 in 0..1.
        landmarks: (N, 5, 2) float32, x and y in pixels of right eye, left eye, nose, right and left
            corner of the mouth as the viewer sees them from left to right; None from heads without landmarks.
        classes: (N,) int64, class index of the network; None where all are of the application's target.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32] | None = None
    classes: npt.NDArray[np.int64] | None = None

    def take(self, indices: npt.NDArray[np.intp]) -> Detections:
        """The detections at ``indices``, in that order."""
        landmarks = None if self.landmarks is None else self.landmarks[indices]
        classes = None if self.classes is None else self.classes[indices]
        return Detections(self.boxes[indices], self.scores[indices], landmarks, classes)

    def joined(self, others: Detections) -> Detections:
        """These detections, then the others, of the same network."""
        pairs = ((self.landmarks, others.landmarks), (self.classes, others.classes))
        landmarks, classes = (None if a is None or b is None else np.concatenate([a, b]) for a, b in pairs)
        boxes, scores = np.concatenate([self.boxes, others.boxes]), np.concatenate([self.scores, others.scores])
        return Detections(boxes, scores, landmarks, classes)

    def best(self, count: int = MAX_DETECTIONS) -> Detections:
        """The ``count`` best detections, in descending order of score."""
        return self.take(np.argsort(-self.scores, kind="stable")[:count])

    def in_frame(
        self, *, scale_x: float, scale_y: float, width: int, height: int, left: float = 0, top: float = 0
    ) -> Detections:
        """Convert network pixels to pixels of a frame of ``width`` x ``height`` and clip at its edges.

        Args:
            scale_x: network pixels per pixel of the frame, from left to right.
            scale_y: the same from top to bottom.
            width: of the frame in pixels.
            height: of the frame in pixels.
            left: network pixels before the frame's first column; negative where a crop cut it off.
            top: network pixels above its first row.
        """
        scale, first = np.array([scale_x, scale_y], np.float32), np.array([left, top], np.float32)
        limit = np.array([width, height], np.float32)
        boxes = np.clip((self.boxes.reshape(-1, 2, 2) - first) / scale, 0, limit).reshape(-1, 4)
        landmarks = None if self.landmarks is None else (self.landmarks - first) / scale
        return Detections(boxes, self.scores, landmarks, self.classes)
