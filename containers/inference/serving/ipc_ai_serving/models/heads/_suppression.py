"""Non-maximum suppression, by OpenCV."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_serving.vision.detections import MAX_DETECTIONS, MAX_OF_ALL_CLASSES, SCORE_FLOOR, Detections

_CANDIDATES, _CANDIDATES_OF_ALL_CLASSES = 2000, 30_000
"""Most boxes that are compared with each other; for all classes Ultralytics' ``max_nms``."""


_FIRST = 512
"""Boxes that are compared first, then twice as many, until enough are kept: a worse box suppresses no better one, and
time grows with the square of boxes."""


def suppress(detections: Detections, *, iou: float, last_pixel: float = 0) -> Detections:
    """Keep the best box of every group of one class that overlaps by more than ``iou``, in descending order of score.

    Boxes below the score floor, and those that are not finite or have no area, are dropped first. At most 100 are kept,
    and 300 where there are several classes. ``last_pixel`` is added to the sides of boxes that are compared.
    """
    boxes, scores = detections.boxes, detections.scores
    several = detections.classes is not None
    sides = boxes[:, 2:] - boxes[:, :2]
    candidates = np.flatnonzero((scores >= SCORE_FLOOR) & (np.isfinite(sides) & (sides > 0)).all(axis=1))
    order = np.argsort(-scores[candidates], kind="stable")
    best_first = candidates[order[: _CANDIDATES_OF_ALL_CLASSES if several else _CANDIDATES]]
    most = MAX_OF_ALL_CLASSES if several else MAX_DETECTIONS
    compared = _FIRST
    kept = _kept(detections.take(best_first[:compared]), iou, last_pixel)
    while len(kept) < most and compared < len(best_first):
        compared *= 2
        kept = _kept(detections.take(best_first[:compared]), iou, last_pixel)
    return detections.take(best_first[kept[:most]])


def _kept(best_first: Detections, iou: float, last_pixel: float) -> npt.NDArray[np.intp]:
    """Indices of the boxes that no better one of their class suppresses."""
    boxes = best_first.boxes
    # OpenCV reads lists in less than half the time of arrays.
    corners_and_sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2] + last_pixel], axis=1).tolist()
    scores = best_first.scores.tolist()
    kept: Sequence[int]
    if best_first.classes is None:
        kept = cv2.dnn.NMSBoxes(corners_and_sides, scores, SCORE_FLOOR, iou)
    else:
        kept = cv2.dnn.NMSBoxesBatched(corners_and_sides, scores, best_first.classes.tolist(), SCORE_FLOOR, iou)
    return np.asarray(kept, np.intp).reshape(-1)
