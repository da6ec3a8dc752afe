"""Detections of the peers, which equal the product's."""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_models import write_yolox_onnx
from workbench.speed import load, material, servers
from workbench.speed.peers.yolox import Yolox


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    return tmp_path


@pytest.fixture
def frame() -> bytes:
    """Red square, which the tiny network finds, in a frame that will be reduced and padded."""
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[100:200, 100:200, 2] = 255
    return cv2.imencode(".jpg", picture)[1].tobytes()


@pytest.mark.processes
def test_a_peer_answers_as_the_product(store: Path, frame: bytes, tmp_path: Path) -> None:
    request = material.as_image(frame)
    with servers.ours("body-detection", "yolox_nano", store).running(request, logs=tmp_path) as server:
        ours = json.loads(load.once(server.address, request))
    theirs = Yolox(store / "yolox_nano" / "yolox_nano.onnx").people(frame)
    assert theirs["bbox_coords"]
    assert [theirs[side] for side in ("width", "height", "channels")] == [640, 480, 3]
    assert np.allclose(theirs["bbox_coords"], ours["bbox_coords"], atol=1)
    assert np.allclose(theirs["bbox_scores"], ours["bbox_scores"], atol=1e-3)


def test_what_is_no_image_is_refused(store: Path) -> None:
    with pytest.raises(ValueError, match="no image"):
        Yolox(store / "yolox_nano" / "yolox_nano.onnx").people(b"\xff\xd8\xff")


def _wait_for_ping(server: servers.Server) -> None:
    """LitServe answers frames with its first worker, and ``/ping`` with 200 once all of them are loaded."""
    deadline = time.monotonic() + 60
    while True:
        try:
            load.once(server.address, load.Request.get("/ping"))
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.skipif(not (servers.BENCH_PACKAGES / "litserve").is_dir(), reason="make installs the frameworks")
@pytest.mark.parametrize("name", ["FastAPI", "LitServe"])
def test_a_peer_serves_frames_and_pings(name: str, store: Path, frame: bytes, tmp_path: Path) -> None:
    program = servers.peers(store / "yolox_nano" / "yolox_nano.onnx")[name]
    with program.running(material.as_image(frame), logs=tmp_path) as server:
        answer = json.loads(load.once(server.address, material.as_image(frame)))
        _wait_for_ping(server)
        with pytest.raises(ConnectionRefusedError, match="400"):
            load.once(server.address, material.as_image(b"\xff\xd8\xff"))
    assert answer == Yolox(store / "yolox_nano" / "yolox_nano.onnx").people(frame)
