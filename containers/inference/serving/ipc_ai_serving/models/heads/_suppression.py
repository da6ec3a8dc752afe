"""Non-maximum suppression, by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from ipc_ai_serving.vision.detections import MAX_DETECTIONS, MAX_OF_ALL_CLASSES, SCORE_FLOOR, Detections

_CANDIDATES, _CANDIDATES_OF_ALL_CLASSES = 2000, 30_000
"""Most boxes that are compared with each other; for all classes Ultralytics' ``max_nms``."""


def suppress(detections: Detections, *, iou: float) -> Detections:
    """Keep the best box of every group of one class that overlaps by more than ``iou``, in descending order of score.

    Boxes below the score floor, and those that are not finite or have no area, are dropped first. At most 100 are kept,
    and 300 where there are several classes.
    """
    boxes, scores, classes = detections.boxes, detections.scores, detections.classes
    sides = boxes[:, 2:] - boxes[:, :2]
    candidates = np.flatnonzero((scores >= SCORE_FLOOR) & (np.isfinite(sides) & (sides > 0)).all(axis=1))
    # OpenCV reads a list in less than half the time of an array.
    corners_and_sides = np.concatenate([boxes[:, :2], sides], axis=1)[candidates].tolist()
    if classes is None:
        kept = cv2.dnn.NMSBoxes(corners_and_sides, scores[candidates], SCORE_FLOOR, iou, top_k=_CANDIDATES)
        most = MAX_DETECTIONS
    else:
        kept = cv2.dnn.NMSBoxesBatched(
            corners_and_sides,
            scores[candidates],
            classes[candidates].astype(np.int32),
            SCORE_FLOOR,
            iou,
            top_k=_CANDIDATES_OF_ALL_CLASSES,
        )
        most = MAX_OF_ALL_CLASSES
    return detections.take(candidates[np.asarray(kept, np.intp).reshape(-1)[:most]])
