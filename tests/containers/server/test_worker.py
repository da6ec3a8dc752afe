"""Requests of a connection in gunicorn's worker, and its answers to those that never get to the application."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.server import worker
from ipc_ai_serving.server.worker import DrainingWorker

_OTHER = 1

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (errors.InvalidRequestLine("x"), 400, "InvalidRequest"),
        (errors.LimitRequestLine(1, 2), 414, "InvalidRequest"),
        (errors.InvalidResponseHeader("x"), 500, "InternalError"),  # the application's fault
        (RuntimeError("secret"), 500, "InternalError"),
    ],
)
def test_a_fault_is_told_in_the_error_shape(fault: Exception, status: int, code: str) -> None:
    ours, clients = socket.socketpair()
    with ours, clients:
        DrainingWorker.handle_error(cast(Any, None), None, ours, None, fault)
        ours.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: clients.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert json.loads(body)["error"]["code"] == code
    assert b"secret" not in answer


class _Worker(DrainingWorker):
    """A worker of two threads without a process around it."""

    def __init__(self, connections: int) -> None:
        self.cfg = SimpleNamespace(threads=2)
        self.nr_conns = connections
        self.alive = True
        self.keepalived_conns: deque[str] = deque()
        self.pending_conns: deque[str] = deque()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, socket.socket, list[bytes]]]:
    """A connection, the client's end of it, and what was read of it by the base class, a byte a request."""
    read: list[bytes] = []

    def handle(_worker: Any, conn: Any) -> bool:
        read.append(conn.sock.recv(1))
        return read[-1] not in (b"", b"!")

    monkeypatch.setattr(ThreadWorker, "handle", handle)
    ours, clients = socket.socketpair()
    parser = SimpleNamespace(unreader=SimpleNamespace(buf=io.BytesIO()))
    with ours, clients:
        yield SimpleNamespace(sock=ours, parser=parser), clients, read


def test_a_thread_answers_requests_that_follow_closely_and_then_lets_go(
    served: tuple[Any, socket.socket, list[bytes]],
) -> None:
    conn, client, read = served
    client.sendall(b"abc")
    assert _Worker(connections=2).handle(conn) is True
    assert read == [b"a", b"b", b"c"]


def test_a_connection_that_is_to_be_closed_is_not_waited_for(served: tuple[Any, socket.socket, list[bytes]]) -> None:
    conn, client, read = served
    client.sendall(b"a!c")
    assert _Worker(connections=2).handle(conn) is False
    assert read == [b"a", b"!"]


def test_where_connections_wait_for_threads_each_has_its_turn(served: tuple[Any, socket.socket, list[bytes]]) -> None:
    conn, client, read = served
    client.sendall(b"abc")
    assert _Worker(connections=3).handle(conn) is True
    assert read == [b"a"]


def test_a_worker_that_ends_lets_go(served: tuple[Any, socket.socket, list[bytes]]) -> None:
    conn, client, read = served
    client.sendall(b"abc")
    ending = _Worker(connections=1)
    ending.alive = False
    assert ending.handle(conn) is True
    assert read == [b"a"]


def test_what_came_with_the_last_request_is_not_waited_for(served: tuple[Any, socket.socket, list[bytes]]) -> None:
    conn, client, read = served
    conn.parser.unreader.buf.write(b"what was read already")
    client.sendall(b"ab!")
    assert _Worker(connections=1).handle(conn) is False
    assert read == [b"a", b"b", b"!"]


@pytest.fixture
def knocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, list[bool]]]:
    """A socket at which a connection waits, and whether one did when the base class accepted."""
    seen: list[bool] = []
    monkeypatch.setattr(ThreadWorker, "accept", lambda _worker, listener: seen.append(worker._is_ready(listener, 0)))
    traffic.counts.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        assert worker._is_ready(listener, 5000)
        yield listener, seen
    traffic.counts.cache_clear()


def _other_worker(connections: int, *, accepting: bool = True) -> None:
    traffic.counts().connections[_OTHER], traffic.counts().accepting[_OTHER] = connections, accepting


@pytest.mark.parametrize(
    ("others", "accepting", "alive"), [(2, True, True), (5, True, True), (0, False, True), (1, True, False)]
)
def test_a_worker_takes_a_connection_at_once_where_no_other_has_fewer_or_it_ends(
    knocked: tuple[socket.socket, list[bool]],
    others: int,
    accepting: bool,
    alive: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener, seen = knocked
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waited"))
    _other_worker(others, accepting=accepting)
    with_two = _Worker(connections=2)
    with_two.alive = alive
    with_two.accept(listener)
    assert seen == [True]


def test_a_connection_is_left_to_a_worker_with_fewer(
    knocked: tuple[socket.socket, list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, seen = knocked
    monkeypatch.setattr(worker, "_LEFT_TO_OTHERS_SECONDS", 60)
    _other_worker(1)
    other = threading.Timer(0.05, lambda: listener.accept()[0].close())
    other.start()
    _Worker(connections=2).accept(listener)
    other.join()
    assert seen == [False]


def test_a_worker_that_hangs_is_waited_for_once(
    knocked: tuple[socket.socket, list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, seen = knocked
    monkeypatch.setattr(worker, "_GIVES_UP_SECONDS", 60)
    _other_worker(1)
    busy = _Worker(connections=2)
    busy.accept(listener)
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    busy.accept(listener)
    assert seen == [True, True]
    assert not slept
    _other_worker(0)  # it took one
    busy.accept(listener)
    assert slept


def test_connections_that_are_only_kept_open_do_not_count(
    knocked: tuple[socket.socket, list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, seen = knocked
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waited"))
    _other_worker(1)
    quiet = _Worker(connections=5)
    quiet.keepalived_conns.extend("abc")
    quiet.pending_conns.append("d")
    quiet.accept(listener)
    assert seen == [True]
    assert traffic.counts().connections[traffic.counts().row] == 1
