"""The serving program and the bare loop, measured for real with a tiny network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_models import write_yolox_onnx
from workbench.errors import BenchError, StartError
from workbench.speed import bare_loop, material, rounds, servers
from workbench.speed.servers import Program
from workbench.speed.side_by_side import Bare


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    return tmp_path


@pytest.fixture
def frame() -> bytes:
    return cv2.imencode(".jpg", np.full((480, 480, 3), 90, np.uint8))[1].tobytes()


def test_a_server_is_measured_in_turns_with_the_bare_loop(store: Path, frame: bytes, tmp_path: Path) -> None:
    request = material.as_image(frame)
    program = servers.ours("body-detection", "yolox_nano", store)
    bare = Bare("body-detection", store / "yolox_nano", frame, 0.2)
    with program.running(request, logs=tmp_path) as server:
        (seen,) = rounds.measured([(server, request)], rounds=2, seconds=0.5, beside=[bare])
        assert server.memory_mib() > 20
    assert 0.1 < server.start_seconds < 60
    assert seen.refused == 0
    for values in (seen.p50, seen.rates, seen.ping_p99, seen.processor, bare.processor, bare.rates):
        assert len(values) == 2
        assert min(values) > 0


def test_both_forms_of_a_request_are_answered_alike(store: Path, frame: bytes, tmp_path: Path) -> None:
    from workbench.speed import load

    request = material.as_image(frame)
    with servers.ours("body-detection", "yolox_nano", store).running(request, logs=tmp_path) as server:
        answers = [load.once(server.address, each) for each in (request, material.as_json(frame, short_size=416))]
    assert answers[0] == answers[1]
    assert b'"width": 480' in answers[0]


def test_a_server_that_does_not_start_says_why(tmp_path: Path, frame: bytes) -> None:
    program = Program(
        name="broken", command=["/bin/sh", "-c", "echo no model; exit 3"], environment={}, directory=tmp_path
    )
    with pytest.raises(StartError, match="no model"), program.running(material.as_image(frame), logs=tmp_path):
        pass


def test_a_bare_loop_without_a_model(tmp_path: Path, frame: bytes) -> None:
    (tmp_path / "frame.jpg").write_bytes(frame)
    with pytest.raises(BenchError, match="nowhere"):
        bare_loop.run("body-detection", tmp_path / "nowhere", tmp_path / "frame.jpg", seconds=0.1)
