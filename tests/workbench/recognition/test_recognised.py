"""Graphs are real and run in ONNX Runtime, as the container runs them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.onnx_graphs import write_graph, write_yolox, write_yunet
from workbench.errors import RecognitionError
from workbench.recognition import heads, recognised
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import Beside, Guess
from workbench.recognition.heads import yolox


def test_a_graph_is_named_described_and_has_evidence(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx", data="weights.pb")
    one = recognised.recognise(tmp_path / "gate.onnx")
    assert (one.model.name, one.model.head, one.model.classes[:2]) == ("gate", "yolox", ("person", "bicycle"))
    assert one.model.applications == ("object-detection", "body-detection")
    assert [(file.role, file.name) for file in one.model.files["any"]] == [
        ("onnx", "gate.onnx"),
        ("weights-0", "weights.pb"),
    ]
    assert one.because == (
        "output has 84 rows, a cell for each step of 8, 16 and 32 pixels, of 5 + 80 values",
        "80 classes, whose names are taken to be those of coco",
    )


def test_a_file_of_names_names_the_classes(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx", classes=2)
    (tmp_path / "labels.txt").write_text("Person\nvan\n")
    (tmp_path / "own.json").write_text('["face", "van"]')
    one = recognised.recognise(tmp_path / "gate.onnx")
    assert (one.model.classes, one.because[-1]) == (("Person", "van"), "labels.txt names its 2 classes")
    assert one.model.applications == ("object-detection", "body-detection")
    one = recognised.recognise(tmp_path / "gate.onnx", classes=tmp_path / "own.json")
    assert one.model.classes == ("face", "van")
    assert one.model.applications == ("object-detection", "face-detection")


@pytest.mark.parametrize("is_named", [False, True])
def test_a_wrong_number_of_names_says_both(tmp_path: Path, is_named: bool) -> None:
    write_yolox(tmp_path / "gate.onnx", classes=2)
    (tmp_path / "classes.txt").write_text("person\nvan\nbus\ntram\ncab\n")
    named = tmp_path / "classes.txt" if is_named else None
    with pytest.raises(RecognitionError, match=r"classes\.txt names 5 classes, and the network has 2; correct the"):
        recognised.recognise(tmp_path / "gate.onnx", head="yolox", classes=named)


def test_a_head_without_classes_takes_no_names(tmp_path: Path) -> None:
    write_yunet(tmp_path / "faces.onnx")
    (tmp_path / "names").write_text("face\n")
    with pytest.raises(RecognitionError, match="the head 'yunet' has no classes to name; leave --classes out"):
        recognised.recognise(tmp_path / "faces.onnx", classes=tmp_path / "names")


def test_a_graph_of_no_known_kind(tmp_path: Path) -> None:
    write_graph(tmp_path / "x.onnx", inputs={"in": (1, 3, "h", "w")}, outputs={"out": np.zeros((1, 2, 3, 4, 5))})
    with pytest.raises(
        RecognitionError,
        match=r"x\.onnx is of no kind that is recognised: it takes in float \(1, 3, h, w\) and answers out float "
        r"\(1, 2, 3, 4, 5\); heads: .*yolox, yunet \(docs/models\.md\); write a model\.json .* --inference FILE",
    ):
        recognised.recognise(tmp_path / "x.onnx")


def test_a_head_that_is_asked_for(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx")
    assert recognised.recognise(tmp_path / "gate.onnx", head="yolox").model.head == "yolox"
    with pytest.raises(RecognitionError, match="unknown head 'yolx', did you mean 'yolox'"):
        recognised.recognise(tmp_path / "gate.onnx", head="yolx")
    with pytest.raises(RecognitionError, match=r"the head 'yunet' cannot read .*gate\.onnx, .*; it may be .*yolox"):
        recognised.recognise(tmp_path / "gate.onnx", head="yunet")


def test_an_application_that_it_does_not_serve(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx")
    assert recognised.recognise(tmp_path / "gate.onnx", application="body-detection").model.name == "gate"
    with pytest.raises(
        RecognitionError, match=r"gate\.onnx does not serve face-detection.*; it serves object-detection"
    ):
        recognised.recognise(tmp_path / "gate.onnx", application="face-detection")


def test_what_the_trial_refuses_is_told(tmp_path: Path) -> None:
    """Boxes that are decoded already have sizes that no logarithm has."""
    rows = np.full((1, 84, 85), 0.5)
    rows[..., :4] = 300
    write_graph(tmp_path / "decoded.onnx", inputs={"images": (1, 3, 64, 64)}, outputs={"output": rows})
    with pytest.raises(RecognitionError, match=r"decoded\.onnx .* as yolox: .*boxes seem to be decoded already"):
        recognised.recognise(tmp_path / "decoded.onnx")


def test_several_candidates_are_asked_for_and_never_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_yolox(tmp_path / "gate.onnx")

    def guesses(graph: GraphFacts, beside: Beside, *, only: str | None = None) -> list[Guess]:
        (guess,) = yolox.guesses(graph, beside)
        wrong = dataclasses.replace(guess.model, head="yunet")
        return [
            dataclasses.replace(guess, because=("rows",), variant="rgb"),
            dataclasses.replace(guess, because=("cells",), variant="bgr"),
            dataclasses.replace(guess, model=wrong, because=("its trial fails",)),
        ]

    monkeypatch.setattr(heads, "guesses", guesses)
    says = r"gate\.onnx may be one of 2: yolox:rgb \(rows\); yolox:bgr \(cells\); say which with --head NAME"
    for head in (None, "yolox"):
        with pytest.raises(RecognitionError, match=says):
            recognised.recognise(tmp_path / "gate.onnx", head=head)
    assert recognised.recognise(tmp_path / "gate.onnx", head="yolox:bgr").because[0] == "cells"


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"\x08\x07\x12", bytes(range(256)) * 40])
def test_a_file_that_is_no_graph_or_cut_off(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(RecognitionError, match=r"x\.onnx is no ONNX graph.*; export it again, or copy it again"):
        recognised.recognise(tmp_path / "x.onnx")


def test_a_truncated_graph(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx")
    whole = (tmp_path / "gate.onnx").read_bytes()
    for share in (0.3, 0.6, 0.95):
        (tmp_path / "gate.onnx").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(RecognitionError, match=r"gate\.onnx is no ONNX graph, or is cut off"):
            recognised.recognise(tmp_path / "gate.onnx")


def test_weights_that_are_missing(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx", data="gate.bin")
    (tmp_path / "gate.bin").unlink()
    with pytest.raises(RecognitionError, match=r"gate\.onnx has its weights in gate\.bin, which is not there"):
        recognised.recognise(tmp_path / "gate.onnx")
