"""Limits of the HTTP server, and its end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from werkzeug.wrappers import Request, Response

from workbench.local.servers.bounded_server import Limits, Refusal
from workbench.local.servers.http_server import HttpServer

pytestmark = pytest.mark.processes

LIMITS = Limits(body_bytes=100_000, header_bytes=6000, request_seconds=1, connections=20, threads=4)


@Request.application
def _application(request: Request) -> Response:
    if request.path == "/hesitates":
        time.sleep(0.3)
    if request.path == "/hangs":
        time.sleep(8)
    return Response(str(len(request.get_data())))


def _refuse(status: int, reason: str) -> Refusal:
    return f"{status} Refused", [("X-Reason", reason)], b"ours"


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with HttpServer(_application, limits=LIMITS, refuse=_refuse) as running:
        yield running


def _connection(server: HttpServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def _answer(server: HttpServer, sent: bytes) -> bytes:
    with _connection(server) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_body_up_to_its_limit_and_one_byte_more(server: HttpServer) -> None:
    assert httpx.post(server.url, content=b"x" * 100_000).text == "100000"
    refused = httpx.post(server.url, content=b"x" * 100_001)
    assert (refused.status_code, refused.text) == (413, "ours")


def test_a_client_that_still_sends_reads_its_refusal(server: HttpServer) -> None:
    assert httpx.post(server.url, content=b"x" * 20_000_000).status_code == 413
    chunks = (b"x" * 50_000 for _ in range(400))
    assert httpx.post(server.url, content=chunks).status_code == 413


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\nabc", b"408"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", b"408"),
        (b"POST / HT", b"408"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 8000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"400"),
        (b"POST http://[::1/prod/inference HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST //a?\x97 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST http://[x]/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding:\r\nCONTENT-LENGTH:3\r\n\r\nabc", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", b"501"),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"400"),
    ],
    ids=lambda value: repr(value)[-30:],
)
def test_a_request_that_is_none_is_refused_in_time(server: HttpServer, sent: bytes, status: bytes) -> None:
    begun = time.monotonic()
    answer = _answer(server, sent)
    assert answer.split()[1] == status
    assert answer.endswith(b"ours")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "chunks",
    [
        b"1\r\na\r\n" * 5000,
        b"5;" + b"e" * 20_000,
        b"1" * 20_000,
        b"0\r\n" + b"T: t\r\n" * 5000,
        b"64\r\n" + b"a" * 100 + b"\r\n" + b"1\r\na\r\n" * 5000,
    ],
    ids=lambda value: repr(value)[:12],
)
def test_chunks_are_mostly_body(server: HttpServer, chunks: bytes) -> None:
    begun = time.monotonic()
    answer = _answer(server, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert (answer.split()[1], b"too small chunks" in answer) == (b"400", True)
    assert time.monotonic() - begun < 1


def test_chunks_of_a_usual_size_and_their_extensions_and_trailers_are_taken(server: HttpServer) -> None:
    assert httpx.post(server.url, content=(b"x" * 1000 for _ in range(90))).text == "90000"
    chunk = b"3E8;name=value\r\n" + b"x" * 1000 + b"\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = _answer(server, head + chunk * 50 + b"0\r\nDigest: x\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n50000")


def test_a_body_that_waits_to_be_asked_for(server: HttpServer) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert _answer(server, head % 0).endswith(b"\r\n\r\n0")
    with _connection(server) as connection:
        connection.sendall(head % 3)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b"\r\n\r\n3")


@pytest.mark.parametrize("both", [b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"Content-Length: 1, 4"])
def test_the_rest_of_a_refused_request_is_no_request(server: HttpServer, both: bytes) -> None:
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = _answer(server, b"POST / HTTP/1.1\r\nHost: x\r\n" + both + b"\r\n\r\n0\r\n\r\n" + smuggled)
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST /hesitates HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=["HTTP/1.0 without Host", "chunked", "slow application"],
)
@pytest.mark.parametrize("byte_by_byte", [False, True])
def test_a_client_that_closes_its_side_reads_the_answer(server: HttpServer, sent: bytes, byte_by_byte: bool) -> None:
    with _connection(server) as connection:
        for start in range(0, len(sent), 1 if byte_by_byte else len(sent)):
            connection.sendall(sent[start : start + (1 if byte_by_byte else len(sent))])
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.endswith(b"\r\n\r\n3"), answer


def test_a_slow_link_has_the_time_that_its_body_takes() -> None:
    with HttpServer(_application, limits=replace(LIMITS, slowest_link=200)) as running, _connection(running) as sender:
        sender.sendall(b"POST / HTTP/1.0\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(10):
            time.sleep(0.3)
            sender.sendall(b"x" * 100)
        assert b"".join(iter(lambda: sender.recv(65536), b"")).endswith(b"\r\n\r\n1000")


def test_requests_of_one_connection_are_answered_in_order(server: HttpServer) -> None:
    one = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
    last = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    answer = _answer(server, one % (1, b"a") + one % (2, b"ab") + last)
    assert answer.count(b"200 OK") == 3
    assert [part.split(b"HTTP")[0] for part in answer.split(b"\r\n\r\n")[1:]] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r", b" \r\n", b"\r\n\r\n"])
def test_empty_lines_keep_no_connection_open(blank: bytes) -> None:
    with (
        HttpServer(_application, limits=replace(LIMITS, idle_seconds=1)) as running,
        _connection(running) as connection,
    ):
        connection.settimeout(0.2)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        begun = time.monotonic()
        while True:
            assert time.monotonic() - begun < 6
            try:
                connection.sendall(blank)
                if not connection.recv(65536):
                    break
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                break


def test_empty_lines_before_a_request_are_passed_over(server: HttpServer) -> None:
    with _connection(server) as connection:
        for piece in (b"\r\n", b"\r", b"\n", b"\r\nGET / HTTP/1.0\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.05)
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b"\r\n\r\n0")


def test_hanging_clients_keep_nobody_out(server: HttpServer) -> None:
    hanging = [_connection(server) for _ in range(60)]
    for connection in hanging[::2]:
        connection.sendall(b"POST / HT")
    begun = time.monotonic()
    assert httpx.post(server.url, content=b"abc").text == "3"
    assert time.monotonic() - begun < 1
    for connection in hanging:
        connection.close()


def test_a_new_connection_is_not_closed_in_place_of_an_old_one() -> None:
    """The system gives the number of a closed connection to the next, and tells of both at once."""
    with HttpServer(_application, limits=replace(LIMITS, connections=1)) as running:
        with _connection(running) as old:
            old.sendall(b"POST / HT")
            time.sleep(0.2)
            released = threading.Event()
            running._server.trigger.pull_trigger(lambda: released.wait(5))  # the loop hears of nothing until then
            time.sleep(0.2)
        with _connection(running) as new:
            released.set()
            time.sleep(0.2)
            new.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"".join(iter(lambda: new.recv(65536), b"")).endswith(b"\r\n\r\n0")


def test_it_stops_while_requests_hang() -> None:
    with HttpServer(_application, limits=LIMITS) as running:
        for _ in range(8):
            threading.Thread(target=_answer, args=(running, b"GET /hangs HTTP/1.0\r\n\r\n"), daemon=True).start()
        time.sleep(0.3)
        begun = time.monotonic()
    assert time.monotonic() - begun < 3
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url)


def test_it_stops_where_its_thread_ends_before_it_was_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer(_application) as server:
        tell = server._server.pull_trigger

        def tell_late() -> None:
            server._thread.join(10)
            tell()

        monkeypatch.setattr(server._server, "pull_trigger", tell_late)
    assert not server._thread.is_alive()
