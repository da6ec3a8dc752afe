"""Points in polygons."""

from __future__ import annotations

import functools

from camera_registry.profiles import Polygon


def contains(polygon: Polygon, x: float, y: float) -> bool:
    """True for a point in a polygon, or on its boundary; a polygon that crosses itself holds by the even-odd rule.

    A ray from the point to the right crosses the boundary an odd number of times where the point is inside: W. R.
    Franklin's PNPOLY, https://wrfranklin.org/Research/Short_Notes/pnpoly.html. An edge counts with its lower end and
    without its upper one, so that a corner on the ray counts once.

    Args:
        polygon: its corners; the last is joined to the first.
        x: the point, in the units of the corners.
        y: downwards or upwards, as the corners have it.
    """
    is_inside = False
    x_before, y_before = polygon[-1]
    for x_here, y_here in polygon:
        if y_before <= y <= y_here or y_here <= y <= y_before:
            # Twice the area of the triangle of edge and point: its sign tells the side on which the point is.
            side = (x_here - x_before) * (y - y_before) - (y_here - y_before) * (x - x_before)
            if side == 0 and (x_before <= x <= x_here or x_here <= x <= x_before):
                return True
            if (y_before > y) != (y_here > y) and (side > 0) == (y_here > y_before):
                is_inside = not is_inside
        x_before, y_before = x_here, y_here
    return is_inside


@functools.lru_cache(maxsize=1024)
def bounds(polygon: Polygon) -> tuple[float, float, float, float]:
    """The least and the largest x, then the least and the largest y; a point outside them needs no ray."""
    columns, rows = zip(*polygon, strict=True)
    return min(columns), max(columns), min(rows), max(rows)
