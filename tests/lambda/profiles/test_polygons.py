from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.profiles import Polygon
from inference_api.profiles.polygons import contains

SQUARE: Polygon = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
BOW_TIE: Polygon = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
STAR: Polygon = ((0.5, 0.0), (0.8, 1.0), (0.0, 0.4), (1.0, 0.4), (0.2, 1.0))
C_SHAPE: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.2), (0.2, 0.2), (0.2, 0.8), (1.0, 0.8), (1.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("polygon", "x", "y", "is_inside"),
    [
        (SQUARE, 0.5, 0.5, True),
        (SQUARE, 0.25, 0.25, True),  # a corner
        (SQUARE, 0.75, 0.5, True),  # the right edge
        (SQUARE, 0.5, 0.75, True),  # the lower edge
        (SQUARE, 0.5, 0.75 + 1e-9, False),
        (SQUARE, 0.2, 0.25, False),  # on the line of an edge, before it
        (SQUARE, 0.8, 0.75, False),
        (BOW_TIE, 0.1, 0.5, True),
        (BOW_TIE, 0.9, 0.5, True),
        (BOW_TIE, 0.5, 0.1, False),
        (BOW_TIE, 0.5, 0.5, True),  # where it crosses itself
        (STAR, 0.5, 0.1, True),
        (STAR, 0.5, 0.5, False),  # the middle of a star is outside by the even-odd rule
        (C_SHAPE, 0.1, 0.5, True),
        (C_SHAPE, 0.5, 0.5, False),
        (C_SHAPE, 0.5, 0.2, True),
    ],
)
def test_known_points(polygon: Polygon, x: float, y: float, is_inside: bool) -> None:
    assert contains(polygon, x, y) is is_inside


_GRID = st.integers(0, 16)
_CORNERS = st.lists(st.tuples(_GRID, _GRID), min_size=3, max_size=12)


@given(corners=_CORNERS, x=_GRID, y=_GRID)
def test_it_agrees_with_a_ray_in_another_direction(corners: list[tuple[int, int]], x: int, y: int) -> None:
    polygon = tuple((column / 16, row / 16) for column, row in corners)
    on_an_edge, inside = _exactly(corners, x, y)
    assert contains(polygon, x / 16, y / 16) is (on_an_edge or inside)


@given(corners=_CORNERS, x=_GRID, y=_GRID, first=st.integers(0, 11))
def test_neither_the_first_corner_nor_the_direction_matters(
    corners: list[tuple[int, int]], x: int, y: int, first: int
) -> None:
    polygon = tuple((column / 16, row / 16) for column, row in corners)
    turned = polygon[first % len(polygon) :] + polygon[: first % len(polygon)]
    expected = contains(polygon, x / 16, y / 16)
    assert contains(turned, x / 16, y / 16) is expected
    assert contains(turned[::-1], x / 16, y / 16) is expected


def _exactly(corners: list[tuple[int, int]], x: int, y: int) -> tuple[bool, bool]:
    """On an edge, and inside by a ray straight down, in whole numbers."""
    inside = False
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        crossed = (bx - ax) * (y - ay) == (by - ay) * (x - ax)
        if crossed and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True, False
        if (ax > x) != (bx > x) and y < ay + Fraction((by - ay) * (x - ax), bx - ax):
            inside = not inside
    return False, inside
