"""Non-maximum suppression, by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from serving.detections import MAX_DETECTIONS, SCORE_FLOOR, Detections

_CANDIDATES = 2000


def suppress(detections: Detections, *, iou: float) -> Detections:
    """Keeps the best box of every group that overlaps by more than ``iou``, at most 100.

    Boxes below the score floor, and those that are not finite or have no area, are dropped first.
    """
    boxes, scores = detections.boxes, detections.scores
    sides = boxes[:, 2:] - boxes[:, :2]
    usable = (scores >= SCORE_FLOOR) & np.isfinite(boxes).all(axis=1) & (sides > 0).all(axis=1)
    candidates = detections.take(np.flatnonzero(usable)).best(_CANDIDATES)
    if not len(candidates.scores):
        return candidates
    corners_and_sides = np.concatenate(
        [candidates.boxes[:, :2], candidates.boxes[:, 2:] - candidates.boxes[:, :2]], axis=1
    )
    kept = cv2.dnn.NMSBoxes(corners_and_sides, candidates.scores.tolist(), SCORE_FLOOR, iou)
    return candidates.take(np.asarray(kept, np.intp).reshape(-1)).best(MAX_DETECTIONS)
