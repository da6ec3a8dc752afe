"""Serving program as a process of its own, and clients that keep it busy."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workbench.local.container import serving_environment

REPOSITORY = Path(__file__).resolve().parent.parent
WORKERS = 3
CLIENTS = 12


def status_of(url: str, method: str, path: str, body: bytes = b"", content_type: str = "") -> int:
    """Status of the answer; 0 for a broken connection, -1 for a refused one.

    Each call uses a connection of its own and a minimal client, because it shares the machine with the measured server.
    """
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except ConnectionRefusedError:
        return -1
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


@dataclass(frozen=True)
class Program:
    """Running ``serve``."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def ping(self) -> int:
        """Status of /ping."""
        return status_of(self.url, "GET", "/ping")

    def wait_until(self, status: int) -> None:
        for _ in range(1200):
            if self.ping() == status:
                return
            time.sleep(0.05)
        pytest.fail(self.log.read_text())

    def invoke(self, body: bytes, content_type: str = "image/png") -> int:
        return status_of(self.url, "POST", "/invocations", body, content_type)

    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes()]  # without ended ones

    def logged(self, message: str) -> list[dict[str, Any]]:
        whole, _, _ = self.log.read_text().rpartition("\n")  # the last line may be incomplete
        lines = [line for line in whole.splitlines() if line.startswith("{")]
        return [entry for entry in map(json.loads, lines) if entry["message"] == message]


@contextmanager
def serving(folder: Path, *, application: str = "body-detection", **environment: str) -> Iterator[Program]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(REPOSITORY / "containers/inference/serve"), "--bind", f"fd://{listener.fileno()}"],
                env={
                    "PATH": serving_environment.path(),
                    "PYTHONPATH": str(REPOSITORY / "catalogue"),
                    "APPLICATION_TYPE": application,
                    "MODEL_NAME": "red",
                    "SM_MODEL_DIR": str(folder),
                    "MODEL_SERVER_WORKERS": str(WORKERS),
                    **environment,
                },
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield Program(process, url, log)
    finally:
        process.terminate()
        try:
            process.wait(40)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass
class Load:
    """Clients that send one request after another, each over a connection of its own."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: dict[int, list[float]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_until_stopped(self, url: str, body: bytes, content_type: str) -> None:
        while not self._stop.is_set():
            self.send(url, body, content_type)

    def send(self, url: str, body: bytes, content_type: str) -> None:
        started = time.perf_counter()
        status = status_of(url, "POST", "/invocations", body, content_type)
        with self._lock:
            self.statuses[status] += 1
            self.milliseconds.setdefault(status, []).append((time.perf_counter() - started) * 1000)
        if status == -1:
            self._stop.set()

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def under_load(
    program: Program, body: bytes, content_type: str = "image/png", *, clients: int = CLIENTS
) -> Iterator[Load]:
    load = Load()
    sending = (program.url, body, content_type)
    senders = [threading.Thread(target=load.send_until_stopped, args=sending) for _ in range(clients)]
    for sender in senders:
        sender.start()
    try:
        yield load
    finally:
        load.stop()
        for sender in senders:
            sender.join()
