"""The serving program as it runs in the container: readiness, termination, a worker that dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np
import numpy.typing as npt
import pytest

from tests.tiny_models import write_older_layout

REPOSITORY = Path(__file__).resolve().parents[2]
WORKERS = 3


@dataclass(frozen=True)
class Program:
    """A running ``serve``."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def wait_until_ready(self) -> None:
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}/ping", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        pytest.fail(self.log.read_text())

    def invoke(self, frame: bytes) -> int:
        headers = {"Content-Type": "image/png"}
        return httpx.post(f"{self.url}/invocations", content=frame, headers=headers, timeout=30).status_code


@contextmanager
def _serving(folder: Path, **environment: str) -> Iterator[Program]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(REPOSITORY / "containers/inference/serve"), "--bind", f"fd://{listener.fileno()}"],
                env={
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    "PYTHONPATH": str(REPOSITORY),
                    "APPLICATION_TYPE": "body-detection",
                    "MODEL_NAME": "red",
                    "SM_MODEL_DIR": str(folder),
                    "MODEL_SERVER_WORKERS": str(WORKERS),
                    **environment,
                },
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Program(process, f"http://127.0.0.1:{listener.getsockname()[1]}", log)
        finally:
            process.terminate()
            process.wait(40)


@pytest.fixture
def frame(red_square_frame: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", red_square_frame)[1].tobytes()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Takes seconds to load: MXNet."""
    write_older_layout(tmp_path, "body_detector_red")
    return tmp_path


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_ready_means_ready_whoever_answers(model: Path, frame: bytes) -> None:
    with _serving(model) as program:
        program.wait_until_ready()
        assert {program.invoke(frame) for _ in range(20)} == {200}


def test_termination_finishes_what_was_accepted(model: Path, frame: bytes) -> None:
    with _serving(model) as program:
        program.wait_until_ready()
        answers: list[int] = []
        started = threading.Barrier(9)

        def send() -> None:
            with httpx.Client(base_url=program.url, timeout=30) as client:
                client.get("/ping")
                started.wait()
                answers.append(client.post("/invocations", content=frame).status_code)

        senders = [threading.Thread(target=send) for _ in range(8)]
        for sender in senders:
            sender.start()
        started.wait()
        time.sleep(0.05)
        program.process.send_signal(signal.SIGTERM)
        for sender in senders:
            sender.join()
        assert program.process.wait(30) == 0
        assert answers == [200] * 8


def test_a_worker_that_dies_is_replaced(model: Path, frame: bytes) -> None:
    with _serving(model) as program:
        program.wait_until_ready()
        for _ in range(WORKERS):
            os.kill(_children(program.process.pid)[0], signal.SIGKILL)
            time.sleep(0.3)
            assert {program.invoke(frame) for _ in range(10)} == {200}
        assert program.process.poll() is None


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    with _serving(tmp_path) as program:
        for _ in range(200):
            try:
                answer = httpx.get(f"{program.url}/ping", timeout=2)
            except httpx.HTTPError:
                continue
            if answer.status_code != 503:
                break
            time.sleep(0.05)
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "ModelLoadFailed"
        assert "the model 'red' for body-detection was not found" in program.log.read_text()
