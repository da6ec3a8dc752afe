"""Workers of the serving program that share the cores and know of each other's requests."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from tests.served_program import Program, serving, under_load
from tests.tiny_models import write_yolox_onnx

pytestmark = pytest.mark.processes

_CONNECTIONS = 12
_SIDE = 7900  # half a second of decoding, in a body of a few hundred KB


@pytest.fixture(scope="module")
def long_frame() -> bytes:
    return cv2.imencode(".png", np.zeros((_SIDE, _SIDE, 3), np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def short_frame() -> bytes:
    return cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()


@pytest.fixture
def with_one_place(tmp_path: Path) -> Iterator[Program]:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    with serving(tmp_path, MODEL_NAME="yolox_nano", MODEL_SERVER_WORKERS="2", MAX_QUEUE_LENGTH="1") as program:
        program.wait_until(200)
        yield program


def test_places_are_those_of_all_workers(with_one_place: Program, long_frame: bytes, short_frame: bytes) -> None:
    with under_load(with_one_place, long_frame, clients=1) as load:
        seen = set()
        while load.statuses[200] < 3:
            seen.add(with_one_place.invoke(short_frame))  # over a new connection, which any worker may take
    assert 503 in seen
    assert seen <= {200, 503}
    assert {with_one_place.invoke(short_frame) for _ in range(10)} == {200}


def test_the_place_of_a_killed_worker_is_free_again(
    with_one_place: Program, long_frame: bytes, short_frame: bytes
) -> None:
    statuses = [503]

    def send() -> None:
        while statuses[-1] == 503:  # while a short frame has the place
            statuses.append(with_one_place.invoke(long_frame))

    sending = threading.Thread(target=send)
    sending.start()
    while with_one_place.invoke(short_frame) != 503:
        assert sending.is_alive()
        time.sleep(0.01)
    for worker in with_one_place.workers():
        os.kill(worker, signal.SIGKILL)
    sending.join()
    assert statuses[-1] == 0
    deadline = time.monotonic() + 10  # until the first process has seen that both have ended
    while with_one_place.invoke(short_frame) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert {with_one_place.invoke(short_frame) for _ in range(10)} == {200}


def test_short_frames_do_not_wait_for_a_long_one(tmp_path: Path, long_frame: bytes, short_frame: bytes) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    with serving(tmp_path, MODEL_NAME="yolox_nano", MODEL_SERVER_WORKERS="2") as program:
        program.wait_until(200)
        with under_load(program, long_frame, clients=1) as long, under_load(program, short_frame, clients=1) as short:
            while long.statuses[200] < 2:
                time.sleep(0.05)
    assert short.statuses.keys() == {200}
    # Without the other worker's core, all that lie with the one that has the long frame would.
    assert sorted(short.milliseconds[200])[-3] < min(long.milliseconds[200]) / 2


def test_connections_stay_open_however_many_may_wait(tmp_path: Path, short_frame: bytes) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    with serving(tmp_path, MODEL_NAME="yolox_nano", MODEL_SERVER_WORKERS="1", MAX_QUEUE_LENGTH="2000") as program:
        program.wait_until(200)
        answer = httpx.post(f"{program.url}/invocations", content=short_frame, timeout=60)
        assert (answer.status_code, answer.headers.get("Connection", "keep-alive").lower()) == (200, "keep-alive")


def test_connections_go_to_the_worker_with_fewer(tmp_path: Path) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    with (
        serving(tmp_path, MODEL_NAME="yolox_nano", MODEL_SERVER_WORKERS="2") as program,
        contextlib.ExitStack() as stack,
    ):
        while len(program.logged("worker ready")) < 2:
            time.sleep(0.05)
        first: list[socket.socket] = []
        second: list[socket.socket] = []
        for _ in range(_CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(_address(program)))
            (first, second)[_taker(program, connection)].append(connection)
        assert abs(len(first) - len(second)) <= 4
        for connection in first:
            connection.close()
        time.sleep(0.3)  # until the worker has seen it
        further = [stack.enter_context(socket.create_connection(_address(program))) for _ in first]
        takers = [_taker(program, connection) for connection in further]
    # One that has no core at that moment is not waited for.
    assert takers.count(0) >= len(first) / 2


def _taker(program: Program, connection: socket.socket) -> int:
    """The number of the worker that has the other end of a connection."""
    _, port = connection.getsockname()
    ends = [f":{number:04X} " for number in (_address(program)[1], port)]
    deadline = time.monotonic() + 4  # then gunicorn no longer waits for a connection's first byte
    while time.monotonic() < deadline:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        for inode in (line.split()[9] for line in lines if re.search(rf"{ends[0]}\S+{ends[1]}", line)):
            for number, worker in enumerate(program.workers()):
                if f"socket:[{inode}]" in _files(worker):
                    return number
        time.sleep(0.005)
    pytest.fail("no worker took it")


def _address(program: Program) -> tuple[str, int]:
    host, _, port = program.url.removeprefix("http://").partition(":")
    return host, int(port)


def _files(process: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed by now
            found.add(str(file.readlink()))
    return found
