"""``python -m workbench.parity``: its words, its table, and a comparison of a model that is there without PyTorch."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import ipc_ai_catalogue as catalogue
from tests.tiny_models import write_yolox_onnx
from workbench.parity import __main__ as command
from workbench.parity import kinds, material
from workbench.parity.report import Result

KIND = kinds.KINDS[0]


def test_an_unknown_kind_is_one_line_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "ultralytic"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("parity: unknown kind 'ultralytic', did you mean 'ultralytics'?; known: ultralytics, detr")


def test_a_missing_environment_is_told_and_the_command_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--only", KIND.name, "--python", str(tmp_path / "python")]) == 1
    printed = capsys.readouterr().out
    assert "FAILS" in printed
    assert "`make parity` makes the exporters' environment" in printed


def test_the_result_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command.main(["--only", "classes", "--json", "--python", str(tmp_path / "python")]) == 1
    documents = json.loads(capsys.readouterr().out)
    assert {document["head"] for document in documents} == {"classes"}
    assert not any(document["holds"] for document in documents)
    assert Result(KIND, failure="why").document()["failure"] == "why"


@pytest.mark.processes
@pytest.mark.parametrize(("shift", "holds"), [(0, True), (1, False)])
def test_a_model_through_package_and_up(
    shift: int, holds: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exporter is a program that copies a tiny YOLOX, and an answer that is right or some pixels beside."""
    frame = np.zeros((416, 416, 3), np.uint8)
    frame[200:208, 200:208, 2] = 255  # the whole of one cell, whose box is two cells wide
    cv2.imwrite(str(tmp_path / "frame.png"), frame)
    monkeypatch.setattr(material, "frames", lambda: [tmp_path / "frame.png"])
    made = tmp_path / "made"
    write_yolox_onnx(made / "model/weights.onnx")
    model = dataclasses.asdict(catalogue.load().model("yolox_nano")) | {"name": "red"}
    model["files"] = {"any": [{"name": "weights.onnx", "role": "onnx"}]}
    (made / "model/model.json").write_text(json.dumps(model))
    found = {"name": "person", "score": 1.0, "box": [196 + shift, 196, 212 + shift, 212]}
    answers = [{"frame": str(tmp_path / "frame.png"), "found": [found]}]
    expected = {"model": ["model"], "exporter": "a test", "threshold": 0.5, "answers": answers}
    (made / "expected.json").write_text(json.dumps(expected))
    exporter = tmp_path / "exporter"
    exporter.write_text(f'#!/bin/sh\ncp -r "{made}/." "$5"\n')
    exporter.chmod(0o755)
    code = command.main(["--only", KIND.name, "--json", "--keep", str(tmp_path / "kept"), "--python", str(exporter)])
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["failure"], document["boxes"], document["largest_score_difference"]) == (None, 1, 0.0)
    assert (code, document["holds"]) == (0 if holds else 1, holds)
    assert document["lowest_iou"] == pytest.approx((16 - shift) / (16 + shift), abs=1e-3)
