"""Bodies over a real pair of sockets, read as gunicorn's worker reads them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import SocketUnreader

from ipc_ai_serving.server.body import WholeBody


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def _body(unreader: SocketUnreader, length: int) -> WholeBody:
    body = WholeBody.of(Body(LengthReader(unreader, length)))
    assert isinstance(body, WholeBody)
    return body


@pytest.mark.parametrize("held", [0, 5, 3000])
def test_a_body_arrives_whole_whatever_came_with_the_head(ends: tuple[socket.socket, socket.socket], held: int) -> None:
    ours, theirs = ends
    content = bytes(range(256)) * 4000
    unreader = SocketUnreader(ours)
    unreader.unread(content[:held])
    sender = threading.Thread(target=theirs.sendall, args=[content[held:]])
    sender.start()
    body = _body(unreader, len(content))
    assert body.read() == content
    assert body.read() == b""
    assert not body.failed
    sender.join()


def test_the_next_request_stays_where_it_is(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = ends
    unreader = SocketUnreader(ours)
    unreader.unread(b"bodyGET /ping")
    assert _body(unreader, 4).read(4) == b"body"
    assert unreader.take_buffered() == b"GET /ping"


def test_a_body_that_breaks_off_is_short_and_its_connection_is_not_used_again(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    theirs.sendall(b"half")
    theirs.close()
    body = _body(SocketUnreader(ours), 8)
    assert body.read() == b"half"
    assert body.failed


def test_a_client_that_stalls_is_not_waited_for(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    ours.settimeout(0.05)
    theirs.sendall(b"half")
    body = _body(SocketUnreader(ours), 8)
    with pytest.raises(OSError, match="timed out"):
        body.read()
    assert body.failed


def test_a_part_of_a_body_is_read_as_ever(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(b"0123456789")
    body = _body(SocketUnreader(ours), 10)
    assert body.read(4) == b"0123"
    assert body.read() == b"456789"


def test_a_body_of_unknown_length_is_left_to_gunicorn(ends: tuple[socket.socket, socket.socket]) -> None:
    body = Body(ChunkedReader(None, SocketUnreader(ends[0])))
    assert WholeBody.of(body) is body
