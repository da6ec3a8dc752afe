"""Pairs of an exporter's answers and the product's."""

from __future__ import annotations

import pytest

from workbench.parity.answers import Found
from workbench.parity.matching import compare, iou, together

CAT = Found("cat", 0.9, (10, 10, 110, 60))
DOG = Found("dog", 0.5, (200, 40, 260, 140))


def _moved(found: Found, *, by: float = 0, score: float = 0, name: str = "") -> Found:
    assert found.box
    x_min, y_min, x_max, y_max = found.box
    return Found(name or found.name, found.score + score, (x_min + by, y_min, x_max + by, y_max))


def _compare(expected: list[Found], answered: list[Found]) -> tuple[bool, int, tuple[str, ...]]:
    agreement = compare(expected, answered, threshold=0.3, tolerance=0.01)
    return agreement.holds(0.01), agreement.boxes, agreement.alone


def test_the_same_answers_agree() -> None:
    agreement = compare([CAT, DOG], [DOG, CAT], threshold=0.3, tolerance=0.01)
    assert (agreement.boxes, agreement.lowest_iou, agreement.largest_difference) == (2, 1.0, 0.0)
    assert agreement.holds(0.01)


@pytest.mark.parametrize(
    ("answered", "line"),
    [
        ([CAT], "only the exporter answers dog 0.500 at [200.0, 40.0, 260.0, 140.0]"),
        ([CAT, _moved(DOG, name="wolf")], "only the exporter answers dog 0.500 at [200.0, 40.0, 260.0, 140.0]"),
        ([CAT, DOG, _moved(DOG, score=-0.1)], "only the product answers dog 0.400 at [200.0, 40.0, 260.0, 140.0]"),
        ([CAT, _moved(DOG, by=40)], "only the exporter answers dog 0.500 at [200.0, 40.0, 260.0, 140.0]"),
    ],
)
def test_what_one_side_lacks_is_told(answered: list[Found], line: str) -> None:
    holds, _, alone = _compare([CAT, DOG], answered)
    assert not holds
    assert line in alone


def test_at_the_threshold_one_side_may_lack_an_answer() -> None:
    near = _moved(DOG, score=-0.195)
    assert _compare([CAT, near], [CAT]) == (True, 1, ())
    assert _compare([CAT], [CAT, near]) == (True, 1, ())
    assert not _compare([CAT, _moved(DOG, score=-0.18)], [CAT])[0]


def test_a_box_or_a_score_beside_the_other_is_no_parity() -> None:
    assert not _compare([CAT], [_moved(CAT, by=2)])[0]  # an IoU of 0.96
    assert _compare([CAT], [_moved(CAT, by=0.5)])[0]
    assert not _compare([CAT], [_moved(CAT, score=-0.02)])[0]
    assert _compare([CAT], [_moved(CAT, score=-0.009)])[0]


def test_nothing_compared_is_no_parity() -> None:
    assert _compare([], []) == (False, 0, ())


def test_of_two_boxes_in_one_place_each_finds_the_one_of_its_score() -> None:
    weaker = _moved(CAT, score=-0.3)
    agreement = compare([CAT, weaker], [weaker, CAT], threshold=0.3, tolerance=0.01)
    assert (agreement.boxes, agreement.largest_difference) == (2, 0.0)


def test_classes_without_boxes_are_compared_by_name() -> None:
    agreement = compare([Found("tabby", 0.7)], [Found("tabby", 0.695)], threshold=0, tolerance=0.01)
    assert (agreement.boxes, agreement.lowest_iou) == (1, None)
    assert agreement.holds(0.01)


def test_frames_sum_up_to_the_worst() -> None:
    good = compare([CAT], [CAT], threshold=0.3, tolerance=0.01)
    bad = compare([DOG], [_moved(DOG, by=1, score=-0.2)], threshold=0.3, tolerance=0.01)
    both = together([good, bad])
    assert (both.boxes, both.alone) == (2, ())
    assert both.lowest_iou == bad.lowest_iou
    assert both.largest_difference == pytest.approx(0.2)


def test_boxes_in_the_padding_are_left_out() -> None:
    thin = Found("cat", 0.9, (0, 10, 1.5, 60))
    assert _compare([CAT, thin], [CAT]) == (True, 1, ())
    assert _compare([CAT], [CAT, thin]) == (True, 1, ())


def test_overlap_of_boxes() -> None:
    assert iou((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert iou((0, 0, 10, 10), (20, 0, 30, 10)) == 0
    assert iou((5, 5, 5, 5), (5, 5, 5, 5)) == 1
