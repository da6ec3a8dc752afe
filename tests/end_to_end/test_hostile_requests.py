"""Requests that no camera sends, at ``ipc-ai up``: it stays small, goes on answering frames, and stops.

``IPC_HOSTILE_REQUESTS`` sends another number of them than the 300 of every run.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.hostile_requests import Hostile, hostile_requests

pytestmark = pytest.mark.processes

logger = logging.getLogger(__name__)

REPOSITORY = Path(__file__).resolve().parents[2]
NUMBER = int(os.environ.get("IPC_HOSTILE_REQUESTS", "300"))
_MEMORY_KIB = 1024 * 1024
_LEFT_OPEN = 150


def _processes(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    with contextlib.suppress(FileNotFoundError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _processes(int(child))


def _kib(pid: int) -> int:
    """Memory of a process and all below it, each shared page counted once."""
    kib = 0
    for each in _processes(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            kib += int(Path(f"/proc/{each}/smaps_rollup").read_text().split("Pss:")[1].split()[0])
    return kib


@contextlib.contextmanager
def _memory_watched(pid: int) -> Iterator[list[int]]:
    """KiB of a process and all below it, looked at five times a second."""
    seen: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            seen.append(_kib(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


class _Attack:
    """Connections to one port, of which those that hang stay open until newer ones take their place."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    def send(self, hostile: Hostile) -> bytes:
        """First bytes of the answer; none for a connection that is left open, reset, or closed without one."""
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        with contextlib.suppress(OSError):
            connection.sendall(hostile.sent)
        if hostile.hangs:
            with self._lock:
                self._open.append(connection)
                oldest = self._open.pop(0) if len(self._open) > _LEFT_OPEN else None
            if oldest is not None:
                oldest.close()
            return b""
        with connection, contextlib.suppress(ConnectionError):
            return connection.recv(65536)
        return b""

    def close(self) -> None:
        """Close what was left open."""
        for connection in self._open:
            connection.close()


def test_up_outlives_hostile_requests(photograph: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--logs", str(tmp_path), "--parameters"]
    command += ["applicationType=face-detection", "detectorModelName=dlib_frontal_face"]
    frame, headers = photograph.read_bytes(), {"Content-Type": "image/png"}
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        try:
            url = up.stdout.readline().split()[1]
            store = up.stdout.readline().split()[-1]
            attacks = [_Attack(urlsplit(each).port or 0) for each in (url, url, url, store)]
            answers: list[bytes] = []
            with _memory_watched(up.pid) as taken, ThreadPoolExecutor(8) as clients:
                sent = [
                    clients.submit(attacks[place % len(attacks)].send, hostile)
                    for place, hostile in enumerate(hostile_requests(NUMBER))
                ]
                for place, answer in enumerate(sent):
                    answers.append(answer.result())
                    if place % 25 == 0:
                        good = httpx.post(url, content=frame, headers=headers, timeout=30)
                        assert (good.status_code, len(good.json()["bbox_scores"])) == (200, 2), good.text
            assert max(taken) < _MEMORY_KIB
            of_api = [
                answer for place, answer in enumerate(answers) if attacks[place % len(attacks)] is not attacks[-1]
            ]
            statuses = {answer.split(b" ")[1] for answer in of_api if answer.startswith(b"HTTP/")}
            assert {b"400", b"404", b"413", b"431"} <= statuses
            assert not any(status.startswith(b"5") for status in statuses)
            logger.info("%d requests, %d MiB at most, statuses %s", NUMBER, max(taken) // 1024, sorted(statuses))
        finally:
            begun = time.monotonic()
            up.send_signal(signal.SIGTERM)
            assert up.wait(30) == 0
            assert time.monotonic() - begun < 5
    for attack in attacks:
        attack.close()
