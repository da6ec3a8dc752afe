"""Non-maximum suppression, by OpenCV."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_serving.vision.detections import MAX_DETECTIONS, MAX_OF_ALL_CLASSES, SCORE_FLOOR, Detections

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

_CANDIDATES, _CANDIDATES_OF_ALL_CLASSES = 2000, 30_000
"""Most boxes that are compared with each other; for all classes Ultralytics' ``max_nms``."""

_MANY_OF_A_CLASS = 64
"""Boxes of a class, on average, from which classes are compared one by one: OpenCV compares a box with those of other
classes too, and a call for a class costs as much as some thousand comparisons."""

_FIRST = 512
"""Boxes that are compared first; twice as many follow, beside those that were kept, until enough are: a worse box
suppresses no better one, and a suppressed one suppresses none."""


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
    kept = np.empty(0, np.intp)
    start, count = 0, _FIRST
    while start < len(best_first) and len(kept) < most:
        compared = np.concatenate([kept, np.arange(start, min(start + count, len(best_first)))])
        kept = compared[_kept(detections.take(best_first[compared]), iou, last_pixel)]
        start, count = start + count, start + count
    return detections.take(best_first[kept[:most]])


def _kept(best_first: Detections, iou: float, last_pixel: float) -> Indices:
    """Indices of the boxes that no better one of their class suppresses, in their order."""
    boxes, scores, classes = best_first.boxes, best_first.scores, best_first.classes
    corners_and_sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2] + last_pixel], axis=1)
    if classes is None:
        return _kept_of_one_class(corners_and_sides, scores, iou)
    counts = np.bincount(classes)
    if len(classes) >= _MANY_OF_A_CLASS * np.count_nonzero(counts):
        of_each = [np.flatnonzero(classes == number) for number in np.flatnonzero(counts)]
        kept = [of_one[_kept_of_one_class(corners_and_sides[of_one], scores[of_one], iou)] for of_one in of_each]
        return np.sort(np.concatenate(kept))
    found = cv2.dnn.NMSBoxesBatched(corners_and_sides.tolist(), scores.tolist(), classes.tolist(), SCORE_FLOOR, iou)
    return np.asarray(found, np.intp).reshape(-1)


def _kept_of_one_class(corners_and_sides: Floats, scores: Floats, iou: float) -> Indices:
    # OpenCV reads lists in less than half the time of arrays.
    found: Sequence[int] = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores.tolist(), SCORE_FLOOR, iou)
    return np.asarray(found, np.intp).reshape(-1)
