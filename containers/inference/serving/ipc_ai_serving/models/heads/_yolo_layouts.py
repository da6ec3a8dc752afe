"""Layouts in which exporters of YOLO write boxes, told by the shape of the output and the count of cells."""

from __future__ import annotations

import functools

COLUMNS, ROWS, OBJECTNESS, QUERIES = "columns", "rows", "objectness", "queries"
END_TO_END, BATCHED = "end-to-end", "batched end-to-end"
NMS_IOU = {COLUMNS: 0.7, ROWS: 0.7, OBJECTNESS: 0.45}
"""Overlap from which a box is suppressed: Ultralytics' ``cfg/default.yaml`` and YOLOv5's ``detect.py``."""

END_TO_END_LAYOUTS = (END_TO_END, BATCHED)
RANKS = (2, 3)
"""Numbers of sides of a list of boxes."""

_BOX, _BOX_AND_OBJECTNESS, _BOX_SCORE_CLASS, _BATCHED_ROW = 4, 5, 6, 7
_STRIDES = (4, 8, 16, 32, 64, 128)
_FINEST = 3  # strides that a network's first map may have
_MOST_KEPT = 1000  # boxes after suppression; Ultralytics' own limit is 300
_ANCHORS = 3  # a cell, in networks with objectness before v6


def fitting(
    shape: tuple[int, ...], *, classes: int | None, extra: int, height: int, width: int
) -> dict[str, int | None]:
    """Find the layouts that an output may have.

    Args:
        shape: of the output.
        classes: count of class names; None where it is not known.
        extra: numbers of a box after its scores that are not read.
        height: of the network input in pixels.
        width: of the network input in pixels.

    Returns:
        Count of classes by layout, None for the layouts that do not tell it. There may be several layouts where
        ``classes`` is not known.
    """
    if len(shape) == 2:
        return {BATCHED: classes} if shape[1] == _BATCHED_ROW else {}
    if len(shape) != 3 or shape[0] != 1:
        return {}
    before, behind = shape[1:]
    cells = cell_counts(height, width)
    found: dict[str, int | None] = {}
    if behind in cells:
        found[COLUMNS] = before - _BOX - extra
    if before in cells or before in {_ANCHORS * count for count in cells}:
        found[OBJECTNESS] = behind - _BOX_AND_OBJECTNESS - extra
    if before in cells:
        found[ROWS] = behind - _BOX - extra
    named: dict[str, int | None]
    named = {layout: count for layout, count in found.items() if count and count > 0 and classes in (None, count)}
    if behind == _BOX_SCORE_CLASS + extra and (not named or before <= _MOST_KEPT):
        named[END_TO_END] = classes
    if named:
        return named
    queries = behind - _BOX - extra
    return {QUERIES: queries} if queries > 0 and classes in (None, queries) else {}


@functools.lru_cache(maxsize=64)
def cell_counts(height: int, width: int) -> frozenset[int]:
    """Counts of cells for an input of some pixels: of two or more maps, the finest with steps of 4, 8 or 16 pixels."""
    maps = [-(-height // stride) * -(-width // stride) for stride in _STRIDES]
    ends = [(first, last) for first in range(_FINEST) for last in range(first + 2, len(maps) + 1)]
    return frozenset(sum(maps[first:last]) for first, last in ends)
