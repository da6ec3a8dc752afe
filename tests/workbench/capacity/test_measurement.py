from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.__main__ import main
from workbench.capacity import throughput

pytestmark = pytest.mark.processes


def test_measuring_a_model_that_ships_with_a_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "throughput.json"
    words = ["plan", "--measure", "--application", "body-detection", "--model", "opencv_people", "--seconds", "1"]
    assert main([*words, "--clients", "2", "--measurements", str(file)]) == 0
    (found,) = throughput.read(file)
    assert found.model == "opencv_people"
    assert found.requests > 0
    assert found.failed == 0
    assert found.frame.width == found.frame.height == 512
    assert f"{found.requests_per_second:g} requests a second" in capsys.readouterr().out
    assert str(tmp_path) not in json.dumps(json.loads(file.read_text()))
    planned = ["plan", "--application", "body-detection", "--model", "opencv_people", "--instance", "ml.c5.xlarge"]
    assert main([*planned, "--measurements", str(file), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["throughput"]["requests_per_second"] == pytest.approx(4000 / found.milliseconds_per_frame)


def test_a_frame_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "frame.jpg"
    text.write_text("no image")
    assert main(["plan", "--measure", "--model", "dlib_frontal_face", "--frame", str(text)]) == 2
    assert "as an image" in capsys.readouterr().err
