"""Serving program and bare loop, really measured with a tiny network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_models import write_yolox_onnx
from workbench.errors import BenchError, StartError
from workbench.speed import bare_loop, material, rounds, servers
from workbench.speed.load import Request
from workbench.speed.rounds import Case
from workbench.speed.servers import Program, Server
from workbench.speed.side_by_side import Bare

pytestmark = pytest.mark.processes


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    return tmp_path


@pytest.fixture
def frame() -> bytes:
    return cv2.imencode(".jpg", np.full((480, 480, 3), 90, np.uint8))[1].tobytes()


def test_servers_are_measured_in_turns_with_the_bare_loop(
    store: Path, frame: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []
    warm = rounds.warm

    def warmed(server: Server, request: Request) -> None:
        pids.append(server.process.pid)
        assert server.memory_mib() > 20
        assert 0.1 < server.start_seconds < 60
        warm(server, request, seconds=0.2)

    monkeypatch.setattr(rounds, "warm", warmed)
    program = servers.ours("body-detection", "yolox_nano", store)
    bare = Bare("body-detection", store / "yolox_nano", frame, 0.2)
    forms = [material.as_image(frame), material.as_json(frame, short_size=416)]
    cases = [Case([forms[0]], [bare]), Case([forms[1]])]
    rounds.measure([program], cases, rounds=2, seconds=0.3)
    assert (pids[0], pids[2]) == (pids[1], pids[3])  # both cases are asked of one server
    assert pids[0] != pids[2]  # and each round of one that is started anew
    seen = [each for case in cases for each in case.seen]
    assert [each.refused for each in seen] == [0, 0]
    for each in seen:
        for values in (each.p50, each.rates, each.ping_p99, each.processor, bare.processor, bare.rates):
            assert len(values) == 4  # two rounds, each twice
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
