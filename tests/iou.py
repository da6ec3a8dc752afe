"""Overlap of boxes."""

from __future__ import annotations

from collections.abc import Sequence


def iou(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes, x_min, y_min, x_max, y_max."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return shared / (areas - shared)


def matched(expected: Sequence[Sequence[float]], found: Sequence[Sequence[float]], *, threshold: float) -> int:
    """Number of expected boxes that match a found box of their own with at least ``threshold`` IoU."""
    left = list(found)
    count = 0
    for box in expected:
        best = max(left, key=lambda candidate: iou(box, candidate), default=None)
        if best is not None and iou(box, best) >= threshold:
            left.remove(best)
            count += 1
    return count
