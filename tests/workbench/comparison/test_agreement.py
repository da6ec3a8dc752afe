from __future__ import annotations

import pytest

from workbench.camera.report import Finding
from workbench.comparison.agreement import Compared, document
from workbench.comparison.answers import Answer
from workbench.comparison.differences import Tally, of_answers
from workbench.comparison.frames import Frame

PERSON = Finding(0.9, [0, 0, 99, 99], "person")
WEAKER = Finding(0.7, [0, 0, 99, 99], "person")
CAR = Finding(0.6, [200, 0, 299, 99], "car")


@pytest.fixture
def compared() -> Compared:
    answers = {
        Frame("a.jpg", "gate-1"): ((PERSON,), (WEAKER,)),
        Frame("b.jpg", "gate-1"): ((PERSON, CAR), (PERSON,)),
        Frame("c.jpg", "gate-2"): ((), ()),
        Frame("d.jpg", "gate-2"): ((PERSON,), (PERSON,)),
    }
    differences = {
        frame: of_answers(Answer(current), Answer(candidate)) for frame, (current, candidate) in answers.items()
    }
    return Compared(differences=differences, refused={"current": {}, "candidate": {}})


def test_agreement_by_class_and_camera(compared: Compared) -> None:
    assert compared.by_class == {"person": Tally(3, 0, 0), "car": Tally(0, 1, 0)}
    assert compared.by_camera == {"gate-1": Tally(2, 1, 0), "gate-2": Tally(1, 0, 0)}
    assert document(compared.total) == {"agreement": 0.8571, "both": 3, "only_current": 1, "only_candidate": 0}
    assert compared.alike == 3


def test_frames_that_differ_most_come_first(compared: Compared) -> None:
    assert [frame.name for frame in compared.most_different(9)] == ["b.jpg", "a.jpg"]
    assert [frame.name for frame in compared.most_different(1)] == ["b.jpg"]


def test_the_shift_of_scores(compared: Compared) -> None:
    shift = compared.score_shift()
    assert shift is not None
    assert shift["mean"] == pytest.approx(-0.2 / 3, abs=1e-4)
    assert (shift["p50"], compared.mean_iou()) == (0, 1)


def test_without_findings_nothing_is_made_up() -> None:
    same = of_answers(Answer(()), Answer(()))
    nothing = Compared(differences={Frame("a.jpg"): same}, refused={"current": {}, "candidate": {}})
    assert (nothing.score_shift(), nothing.mean_iou(), nothing.alike) == (None, None, 1)
    assert document(nothing.total)["agreement"] is None
