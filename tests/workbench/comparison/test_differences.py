from __future__ import annotations

import pytest

from workbench.camera.report import Finding
from workbench.comparison.answers import Answer
from workbench.comparison.differences import Tally, of_answers, together


def answer(*findings: Finding) -> Answer:
    return Answer(findings)


def test_boxes_are_paired_by_class_and_overlap() -> None:
    current = answer(
        Finding(0.9, [0, 0, 99, 99], "person"),
        Finding(0.8, [200, 0, 299, 99], "car"),
        Finding(0.7, [400, 0, 499, 99], "person"),
    )
    candidate = answer(
        Finding(0.95, [0, 0, 99, 99], "person"),
        Finding(0.6, [200, 0, 299, 99], "bus"),  # the same place, another class
        Finding(0.5, [460, 0, 559, 99], "person"),  # an IoU of 0.25
    )
    found = of_answers(current, candidate)
    assert found.tallies == {"person": Tally(1, 1, 1), "car": Tally(0, 1, 0), "bus": Tally(0, 0, 1)}
    assert found.total == Tally(1, 2, 2)
    assert found.total.agreement == pytest.approx(2 / 6)
    assert list(found.shifts) == [pytest.approx(0.05)]
    assert list(found.overlaps) == [1]
    assert found.size == pytest.approx(0.8 + 0.7 + 0.6 + 0.5 + 0.05)
    assert [finding.name for finding in found.only_current] == ["car", "person"]


def test_a_box_has_one_partner_and_the_best_overlap_wins() -> None:
    current = answer(Finding(0.9, [0, 0, 99, 99], "person"))
    candidate = answer(Finding(0.9, [0, 0, 99, 79], "person"), Finding(0.6, [0, 0, 99, 98], "person"))
    found = of_answers(current, candidate)
    assert found.total == Tally(1, 0, 1)
    assert list(found.overlaps) == [pytest.approx(0.99)]
    assert list(found.only_candidate) == [candidate.findings[0]]


def test_the_same_answer_has_no_difference() -> None:
    same = answer(Finding(0.9, [0, 0, 10, 10], "person"))
    assert of_answers(same, same).size == 0
    nothing = of_answers(answer(), answer())
    assert (nothing.size, nothing.total.agreement) == (0, None)


def test_classifiers_agree_in_the_first_class() -> None:
    tabby, other = answer(Finding(0.6, None, "tabby")), answer(Finding(0.5, None, "tiger"))
    assert of_answers(tabby, answer(Finding(0.9, None, "tabby"))).tallies == {"tabby": Tally(1)}
    differs = of_answers(tabby, other)
    assert differs.tallies == {"tabby": Tally(0, 1, 0), "tiger": Tally(0, 0, 1)}
    # Of four frames three have the same first class.
    assert together([Tally(1), Tally(1), Tally(1), differs.total]).agreement == pytest.approx(3 / 4)
