from __future__ import annotations

import json
import threading
from pathlib import Path

import httpx
import pytest

from workbench.__main__ import main
from workbench.capacity import throughput
from workbench.capacity.measurement import keep_busy


def test_each_client_sends_when_the_last_answer_is_there() -> None:
    most, busy, lock = [0], [0], threading.Lock()

    def post(_: httpx.Client) -> bool:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        threading.Event().wait(0.01)
        with lock:
            busy[0] -= 1
        return busy[0] >= 0

    load = keep_busy(post, clients=3, seconds=0.3)
    assert most[0] == 3
    assert 6 < len(load.latencies) <= 3 * 31
    assert min(load.latencies) >= 0.01
    assert load.failed == 0


def test_requests_without_a_good_answer_are_no_throughput() -> None:
    load = keep_busy(lambda _: False, clients=1, seconds=0.02)
    assert load.latencies == []
    assert load.failed > 0


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
