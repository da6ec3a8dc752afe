"""Non-maximum suppression, by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from ipc_ai_serving.vision.detections import MAX_DETECTIONS, SCORE_FLOOR, Detections

_CANDIDATES = 2000


def suppress(detections: Detections, *, iou: float) -> Detections:
    """Keep the best box of every group that overlaps by more than ``iou``, at most 100, in descending order of score.

    Boxes below the score floor, and those that are not finite or have no area, are dropped first.
    """
    boxes, scores = detections.boxes, detections.scores
    sides = boxes[:, 2:] - boxes[:, :2]
    candidates = np.flatnonzero((scores >= SCORE_FLOOR) & (np.isfinite(sides) & (sides > 0)).all(axis=1))
    corners_and_sides = np.concatenate([boxes[:, :2], sides], axis=1)[candidates]
    # OpenCV reads a list in less than half the time of an array.
    kept = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores[candidates], SCORE_FLOOR, iou, top_k=_CANDIDATES)
    return detections.take(candidates[np.asarray(kept, np.intp).reshape(-1)[:MAX_DETECTIONS]])
