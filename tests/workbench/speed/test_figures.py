"""Figures, rounds and the report."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from workbench.__main__ import main
from workbench.errors import BenchError
from workbench.speed import cases, report, rounds
from workbench.speed.figures import Figure


@pytest.mark.parametrize(
    ("sign", "value", "held"),
    [("<=", 1.0, True), ("<=", 1.1, False), (">=", 1.0, True), (">=", 0.9, False), ("", 5, None)],
)
def test_a_figure_is_held_to_its_target(sign: str, value: float, held: bool | None) -> None:
    figure = Figure(case="c", name="n", value=value, sign=sign, target=1.0)
    assert figure.held is held
    assert figure.document()["held"] is held


def test_every_other_round_goes_the_other_way_round() -> None:
    called: list[str] = []
    rounds.in_turns(3, lambda: called.append("a"), lambda: called.append("b"))
    assert "".join(called) == "abbaab"


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert rounds.ratio([1, 30, 3], [2, 10, 3]) == (1, (0.5, 3, 1))


def test_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = [
        Figure(case="yolox_nano, street frame", name="p50", value=0.1, sign="<=", target=0.2, rounds=(0.1, 0.3)),
        Figure(case="yolox_nano, street frame", name="throughput", value=2, sign=">=", target=4, ours="8 /s"),
        Figure(case="yolox_nano", name="no target", value=7, unit="ms"),
        Figure(case="yolox_nano", name="points of recall lost", value=-1.9, unit="points", sign="<=", target=0.5),
        Figure(case="yolox_nano", name="points of recall lost", value=0, unit="points", sign="<=", target=0.5),
    ]
    texts, table, picture = report.write(figures, report.machine(), tmp_path / "speed")
    document = json.loads(texts.read_text())
    assert [each["held"] for each in document["figures"]] == [True, False, None, True, True]
    assert document["machine"]["cores"] >= 1
    assert "| yolox_nano, street frame | throughput | 8 /s |  | 2x | >= 4x | missed |" in table.read_text().splitlines()
    assert cv2.imread(str(picture)).std() > 10
    report.say(figures)
    printed = capsys.readouterr().out
    assert ("held" in printed, "missed" in printed, ">= 4 x" in printed) == (True, True, True)
    assert report.write(figures[2:3], report.machine(), tmp_path / "speed") == [texts, table]
    assert not picture.exists()


def test_what_was_measured_before_a_group_fails_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> list[Figure]:
        raise BenchError("the server ended")

    good = Figure(case="c", name="n", value=1)
    monkeypatch.setattr(cases, "GROUPS", {"good": lambda *_: [good], "nothing": lambda *_: [], "bad": fails})
    assert main(["speed", "--output", str(tmp_path)]) == 2
    assert [each["name"] for each in json.loads((tmp_path / "speed.json").read_text())["figures"]] == ["n"]
    said = capsys.readouterr().err
    assert "nothing: left out" in said
    assert "the server ended" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--only", "yolx"], "unknown group 'yolx', did you mean 'yolox'?"),
        (["--only", "yolox,memry"], "unknown group 'memry', did you mean 'memory'?"),
        (["--rounds", "0"], "'0' is no number of rounds"),
        (["--seconds", "nan"], "'nan' is no time"),
    ],
)
def test_what_cannot_be_measured(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(["speed", *words])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert says in said[-1]
