from __future__ import annotations

import dataclasses

import pytest

from workbench.camera.report import Finding
from workbench.comparison.agreement import Compared
from workbench.comparison.answers import Answer
from workbench.comparison.differences import of_answers
from workbench.comparison.frames import Frame
from workbench.comparison.page import html
from workbench.comparison.results import Comparison, Side
from workbench.comparison.tables import sentences, tables

TABBY, TIGER = Finding(0.6, None, "tabby"), Finding(0.5, None, "tiger <cat>")


@pytest.fixture
def comparison() -> Comparison:
    """Two classifiers that differ in one of two frames."""
    differences = {
        Frame("a.jpg", "gate-1"): of_answers(Answer((TABBY,)), Answer((TABBY,))),
        Frame("b.jpg", "gate-1"): of_answers(Answer((TABBY,)), Answer((TIGER,))),
    }
    refused = {"current": {}, "candidate": {Frame("c.jpg"): "the image is broken"}}
    return Comparison(
        about={"date": "2026-11-29", "application": "image-classification", "min_confidence": 0.5},
        sides=(
            Side(name="old@mxnet", model="old", engine="mxnet", classes=("tabby", "Tiger <cat>", "fox")),
            Side(name="new@onnxruntime", model="new", engine="onnxruntime", classes=("tabby", "tiger <cat>")),
        ),
        compared=Compared(differences=differences, refused=refused, classifies=True),
        costs=[],
        currency=None,
        pictures={Frame("b.jpg", "gate-1"): "difference-01.jpg"},
        gone=1,
    )


def test_classifiers_are_counted_by_their_first_class(comparison: Comparison) -> None:
    by_class, side_by_side = tables(comparison)  # none by camera, because there is one
    assert by_class.title == "agreement by class, the first of each frame"
    assert list(by_class.columns[-1].cells)[-1] == "50.0%"
    assert side_by_side.title == "2 frames, image-classification"


def test_what_one_model_lacks_is_told(comparison: Comparison) -> None:
    assert list(sentences(comparison)) == [
        "classes that only the current model knows: fox",
        "the same findings in 1 of 2 frames",
        "scores of the candidate: +0.000 on average, from +0.000 (p5) to +0.000 (p95)",
        "deleted since they were listed, or in an archive: 1 frame",
        "left out, because the candidate model has no answer: 1 frame; c.jpg: the image is broken",
    ]
    nameless = dataclasses.replace(comparison.sides[1], classes=())
    without = dataclasses.replace(comparison, sides=(comparison.sides[0], nameless))
    assert not [line for line in sentences(without) if line.startswith("classes")]


def test_the_page_is_whole_without_a_network(comparison: Comparison) -> None:
    page = html(comparison)
    assert "tiger &lt;cat&gt; 0.50" in page
    assert "<cat>" not in page
    assert 'src="difference-01.jpg"' in page
    assert "http" not in page


def test_a_name_that_is_no_text_is_shown(comparison: Comparison) -> None:
    frame = Frame("b\udce9\n.jpg")
    compared = dataclasses.replace(
        comparison.compared,
        differences={frame: of_answers(Answer((TABBY,)), Answer((TIGER,)))},
        refused={"current": {frame: "the image is broken"}, "candidate": {}},
    )
    odd = dataclasses.replace(comparison, compared=compared, pictures={frame: "difference-01.jpg"})
    assert r"<b>b\udce9\n.jpg</b>" in html(odd)
    assert r"b\udce9\n.jpg: the image is broken" in list(sentences(odd))[-1]


def test_a_job_without_an_answer_has_no_time_of_a_frame() -> None:
    side = Side(name="a", model="a", engine="mxnet", job={"seconds": 60.0, "frames": 0})
    assert side.seconds is None
