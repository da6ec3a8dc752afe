"""The serving program as it runs in the container: start, load, overload, termination, workers that die."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_serving.server import memory
from tests.served_program import CLIENTS, WORKERS, Program, serving, under_load
from tests.tiny_models import write_older_layout, write_yolox_onnx

pytestmark = pytest.mark.processes

SLOW_HOOKS = """
import pathlib, time
def model_fn(model_dir):
    while not pathlib.Path(model_dir, "go").exists():
        time.sleep(0.02)
    return "model"
def input_fn(body, content_type): return float(body)
def predict_fn(seconds, model): time.sleep(seconds); return seconds
def output_fn(seconds, accept): return str(seconds)
"""


@pytest.fixture
def frame(red_square_frame: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", red_square_frame)[1].tobytes()


@pytest.fixture(params=["onnxruntime", "mxnet"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "mxnet":
        write_older_layout(tmp_path, "body_detector_red")
    else:
        write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    return tmp_path


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A user's own program: its model loads when the file ``go`` is there, it predicts as long as the body says."""
    (tmp_path / "inference.py").write_text(SLOW_HOOKS)
    return tmp_path


@pytest.fixture(scope="module")
def served_red(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The serving program, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("red")
    write_yolox_onnx(folder / "yolox_nano" / "yolox_nano.onnx")
    with serving(folder, MODEL_NAME="yolox_nano", MODEL_SERVER_WORKERS="1") as program:
        program.wait_until(200)
        yield program


def _named(model: Path) -> dict[str, str]:
    return {"MODEL_NAME": "yolox_nano" if (model / "yolox_nano").is_dir() else "red"}


def test_ready_means_that_every_worker_is_ready(model: Path, frame: bytes) -> None:
    with serving(model, **_named(model)) as program:
        program.wait_until(200)
        assert {program.invoke(frame) for _ in range(20)} == {200}
        assert {program.ping() for _ in range(20)} == {200}


@pytest.mark.parametrize("application", ["body-detection", "custom"])
def test_ping_says_503_from_the_first_moment_until_the_model_is_loaded(
    application: str, slow: Path, frame: bytes
) -> None:
    if application != "custom":
        write_older_layout(slow, "body_detector_red")
    with serving(slow, application=application) as program:
        statuses: list[int] = []
        while not statuses or statuses[-1] in (-1, 0, 503):
            statuses.append(program.ping())
            time.sleep(0.01)
            assert len(statuses) < 6000, program.log.read_text()
            if application == "custom" and len(statuses) == 100:
                refused = httpx.post(f"{program.url}/invocations", content=bytes(3_000_000), timeout=10)
                assert (refused.status_code, refused.json()["error"]["code"]) == (503, "ModelNotReady")
                assert refused.headers["Retry-After"] == "1"
                (slow / "go").touch()
        assert statuses[-1] == 200
        assert statuses.count(503) >= 1
        assert {0, -1}.isdisjoint(statuses[statuses.index(503) :])  # the workers take over without a gap


@pytest.mark.parametrize("seconds", [0, 0.1, 0.2, 0.4, 0.8])
def test_termination_while_the_model_loads(seconds: float, slow: Path) -> None:
    with serving(slow, application="custom") as program:
        program.wait_until(503)
        time.sleep(seconds)
        program.process.terminate()
        assert program.process.wait(20) == 0  # gunicorn kills a worker that does not hear after 30
        assert program.ping() == -1
        assert '"ERROR"' not in program.log.read_text()


def test_termination_under_load_finishes_what_was_accepted(model: Path, frame: bytes) -> None:
    with serving(model, **_named(model)) as program:
        program.wait_until(200)
        with under_load(program, frame) as load:
            time.sleep(1)
            program.process.terminate()
            assert program.process.wait(30) == 0
        # Answered, or told by a closed port to go elsewhere. A connection whose handshake was not complete when the
        # kernel was told to take no more may be reset: hardly ever one, of a dozen clients that never pause.
        assert set(load.statuses) <= {200, 503, 0, -1}
        assert load.statuses[0] <= 1
        assert load.statuses[200] > 0
        assert len(program.logged("served")) == load.statuses[200]


def test_a_worker_that_is_killed_under_load_loses_its_own_requests_alone(model: Path, frame: bytes) -> None:
    with serving(model, **_named(model)) as program:
        program.wait_until(200)
        with under_load(program, frame) as load:
            for _ in range(WORKERS):
                time.sleep(0.5)
                os.kill(program.workers()[0], signal.SIGKILL)
            time.sleep(1)
        assert set(load.statuses) <= {200, 503, 0}
        assert load.statuses[0] <= CLIENTS * WORKERS  # those that the killed ones had taken
        assert load.statuses[200] > 0
        assert {program.invoke(frame) for _ in range(20)} == {200}
        assert len(program.workers()) == WORKERS
        assert program.process.poll() is None


def test_workers_that_are_killed_while_they_load_keep_no_client_waiting(slow: Path) -> None:
    with serving(slow, application="custom") as program:
        program.wait_until(503)
        for _ in range(WORKERS):
            while len(program.workers()) <= WORKERS:  # and the process that answers meanwhile
                time.sleep(0.02)
            os.kill(program.workers()[-1], signal.SIGKILL)
            time.sleep(0.3)
        (slow / "go").touch()
        program.wait_until(200)
        assert {program.invoke(b"0", "text/plain") for _ in range(10)} == {200}


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def test_overload_is_refused_and_what_was_accepted_finishes(slow: Path) -> None:
    (slow / "go").touch()
    environment = {"MODEL_SERVER_WORKERS": "1", "MAX_QUEUE_LENGTH": "3"}
    with serving(slow, application="custom", **environment) as program:
        program.wait_until(200)
        with under_load(program, b"0.2", "text/plain", clients=8) as load:
            time.sleep(3)
            pings = [program.ping() for _ in range(20)]
        assert pings == [200] * 20  # while the one engine is busy and the queue full
        assert set(load.statuses) == {200, 503}
        assert load.statuses[200] >= 3
        assert load.statuses[503] >= 3
        # Accepted requests waited for others; refused ones did not wait.
        assert _percentile(load.milliseconds[503], 0.5) < _percentile(load.milliseconds[200], 0.5) / 2


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, nonsense\r\n\r\nabc",
        b"POST /invocations HTTP/9.9\r\nHost: x\r\n\r\n",
        b"post /invocations HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nA header: y\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nScript_Name: /x\r\nContent-Length: 1\r\n\r\nx",
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_a_4xx_in_the_error_shape(served_red: Program, request_bytes: bytes) -> None:
    host, port = served_red.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1].startswith(b"4"), answer
    assert sorted(json.loads(body)["error"]) == ["code", "message", "request_id"]
    assert served_red.ping() == 200


def test_clients_that_stall_delay_others_and_do_not_shut_them_out(slow: Path) -> None:
    (slow / "go").touch()
    with serving(slow, application="custom", MODEL_SERVER_WORKERS="1", MAX_QUEUE_LENGTH="1") as program:
        program.wait_until(200)
        host, port = program.url.removeprefix("http://").split(":")
        stalled = [socket.create_connection((host, int(port))) for _ in range(6)]  # the worker has five threads
        for connection in stalled:
            connection.sendall(b"POST /invocations HTTP/1.1\r\nContent-")
        time.sleep(0.2)
        assert program.invoke(b"0", "text/plain") == 200
        for connection in stalled:
            connection.close()


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    with serving(tmp_path) as program:
        program.wait_until(500)
        answer = httpx.get(f"{program.url}/ping", timeout=2)
        assert answer.json()["error"]["code"] == "ModelLoadFailed"
        assert "the model 'red' for body-detection was not found" in program.log.read_text()


def test_a_further_worker_shares_the_model(model: Path, frame: bytes) -> None:
    with serving(model, **_named(model)) as program:
        program.wait_until(200)
        for _ in range(600):  # a 200 comes from the first; the others may still be on their way
            if len(program.logged("worker ready")) >= WORKERS:
                break
            time.sleep(0.05)
        for _ in range(10):
            program.invoke(frame)
        alone = memory.of_process(program.process.pid)
        workers = [memory.of_process(pid) for pid in program.workers()]
        if not alone:
            pytest.skip("this system has no /proc/PID/smaps_rollup")
        whole = sum(alone.values())
        assert all(worker["private_mib"] < whole / 2 for worker in workers), (alone, workers)
        assert [sorted(entry) for entry in program.logged("worker ready")] == [
            ["level", "logger", "message", "pid", "private_mib", "shared_mib", "time"]
        ] * WORKERS


@pytest.mark.parametrize(
    ("attributes", "camera"),
    [("camera_id=gate-1", "gate-1"), ("x=1; camera_id=%E9%97%A8%20%2F1", "门 /1"), ("nonsense", "unknown")],
)
def test_the_log_names_request_camera_model_and_stages(
    attributes: str, camera: str, tmp_path: Path, frame: bytes
) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    with serving(tmp_path, MODEL_NAME="yolox_nano", MODEL_SERVER_WORKERS="1") as program:
        program.wait_until(200)
        headers = {
            "Content-Type": "image/png",
            "X-Amzn-SageMaker-Inference-Id": "r-1",
            "X-Amzn-SageMaker-Custom-Attributes": attributes,
        }
        httpx.post(f"{program.url}/invocations", content=frame, headers=headers, timeout=60)
        (served,) = program.logged("served")
    assert (served["request_id"], served["camera_id"], served["model"]) == ("r-1", camera, "yolox_nano")
    stages = served["milliseconds"]
    assert sorted(stages) == ["decode", "encode", "infer", "input", "postprocess", "predict", "preprocess", "wait"]
    assert stages["input"] > 0
    assert min(stages["decode"], stages["infer"]) > 0
    assert stages["predict"] >= stages["decode"] + stages["infer"]
