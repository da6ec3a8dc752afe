"""Clients against a small server that counts requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workbench.speed import load
from workbench.speed.load import Address, Load, Request

pytestmark = pytest.mark.processes


class _Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: list[bytes]
    busy = most = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        with self.lock:
            type(self).busy += 1
            type(self).most = max(self.most, self.busy)
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(0.01)
        self._answer(200 if self.path == "/good" else 503, b"x" * 100_000)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: bytes) -> None:
        with self.lock:
            type(self).busy -= 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/once":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Logs nothing."""


@pytest.fixture
def handler() -> type[_Counting]:
    return type("Handler", (_Counting,), {"bodies": []})


@pytest.fixture
def address(handler: type[_Counting]) -> Iterator[Address]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield "127.0.0.1", server.server_port
        server.shutdown()
        serving.join()


def test_each_client_sends_when_the_last_answer_is_there(address: Address, handler: type[_Counting]) -> None:
    body = b"frame" * 100_000
    seen, _ = load.run(address, Request.post("/good", body, "image/jpeg"), clients=3, seconds=0.4)
    assert handler.most == 3
    assert len(seen.latencies) == len(handler.bodies) > 3
    assert set(handler.bodies) == {body}
    assert seen.refused == 0
    assert min(seen.latencies) >= 0.01
    assert seen.seconds >= 0.4
    assert seen.rate == pytest.approx(len(seen.latencies) / seen.seconds)


@pytest.mark.parametrize("path", ["/bad", "/once"])
def test_other_answers_do_not_count_and_a_closed_connection_is_opened_again(address: Address, path: str) -> None:
    seen, _ = load.run(address, Request.post(path, b"x", "image/jpeg"), clients=2, seconds=0.2)
    assert seen.latencies == []
    assert seen.refused > 2


def test_pings_go_on_beside(address: Address) -> None:
    request = Request.post("/good", b"x", "image/jpeg")
    _, pings = load.run(address, request, clients=2, seconds=0.5, ping_every=0.05)
    assert 3 < len(pings.latencies) <= 11


def test_one_answer(address: Address) -> None:
    assert load.once(address, Request.post("/good", b"x", "image/jpeg")) == b"x" * 100_000
    with pytest.raises(ConnectionRefusedError, match="503"):
        load.once(address, Request.post("/bad", b"x", "image/jpeg"))


def test_percentiles() -> None:
    seen = Load(latencies=[number / 1000 for number in range(100, 0, -1)])
    levels = [seen.milliseconds(percent) for percent in (0, 1, 50, 99, 99.5, 100)]
    assert levels == pytest.approx([1, 1.99, 50.5, 99.01, 99.505, 100])
