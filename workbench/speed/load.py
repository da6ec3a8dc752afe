"""Closed-loop HTTP clients that cost the machine next to nothing: whole requests made beforehand, one thread, epoll."""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from workbench.errors import BenchError
from workbench.measuring.percentiles import percentile

_READ_BYTES = 65536
_TIMEOUT_SECONDS = 30.0
_OK = b"HTTP/1.1 200"
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"

Address = tuple[str, int]


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire."""

    wire: bytes

    @classmethod
    def get(cls, path: str) -> Request:
        """A request without a body."""
        return cls(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    @classmethod
    def post(cls, path: str, body: bytes, content_type: str) -> Request:
        """A request with a body."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return cls(head.encode() + body)


@dataclass
class Load:
    """Answers and failures that clients saw.

    Attributes:
        latencies: seconds from the first byte sent to the last byte received, of answers with status 200.
        refused: other answers, and connections that broke.
        seconds: the whole.
    """

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, percent: float) -> float:
        """A percentile of the latencies.

        Raises:
            BenchError: there is none.
        """
        if not self.latencies:
            raise BenchError(f"no good answer, {self.refused} others")
        return 1000 * percentile(self.latencies, percent)


def run(
    address: Address, request: Request, *, clients: int, seconds: float, ping_every: float = 0.0
) -> tuple[Load, Load]:
    """Keep a server busy: each client sends its next request when the last one is answered.

    Args:
        address: of the server.
        request: what all clients send.
        clients: connections, each kept open.
        seconds: how long requests are begun.
        ping_every: seconds between requests to ``/ping`` on a connection of its own; none when 0.

    Returns:
        Load of the clients, and load of the pings.

    Raises:
        OSError: the server does not accept a connection.
    """
    sent, pinged = Load(), Load()
    with ExitStack() as stack:

        def client(request: Request, load: Load, pause: float) -> _Client:
            one = _Client(address, request, load, pause=pause)
            stack.callback(one.close)
            return one

        everyone = [client(request, sent, 0.0) for _ in range(clients)]
        if ping_every:
            everyone.append(client(Request.get("/ping"), pinged, ping_every))
        start = time.perf_counter()
        selector = stack.enter_context(selectors.DefaultSelector())
        for each in everyone:
            each.begin(selector)
        while any(each.busy for each in everyone):
            for key, _ in selector.select(timeout=0.005 if ping_every else 1.0):
                key.data.proceed(selector)
            now = time.perf_counter()
            for each in everyone:
                each.proceed_at(now, selector, begins=now - start < seconds)
    sent.seconds = pinged.seconds = time.perf_counter() - start
    return sent, pinged


def once(address: Address, request: Request) -> bytes:
    """The body of one answer.

    Raises:
        OSError: no connection, or an answer other than 200.
    """
    with socket.create_connection(address, timeout=_TIMEOUT_SECONDS) as connection:
        connection.sendall(request.wire)
        answer = b""
        while (length := _length(answer)) is None or len(answer) < length:
            if not (read := connection.recv(_READ_BYTES)):
                raise ConnectionResetError("the server closed the connection")
            answer += read
    head, _, body = answer.partition(_END_OF_HEAD)
    if not head.startswith(_OK):
        raise ConnectionRefusedError(f"the server answered {head.splitlines()[0].decode()}")
    return body


class _Client:
    def __init__(self, address: Address, request: Request, load: Load, *, pause: float) -> None:
        self._address = address
        self._wire = memoryview(request.wire)
        self._load = load
        self._pause = pause
        self._connection = self._connect()
        self._sent = 0
        self._answer = bytearray()
        self._begun = 0.0
        self._next: float | None = None
        self.busy = True

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=_TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        return connection

    def begin(self, selector: selectors.BaseSelector) -> None:
        """Send the first bytes of a request."""
        self._begun, self._sent, self._next = time.perf_counter(), 0, None
        self._answer.clear()
        selector.register(self._connection, selectors.EVENT_WRITE, self)
        self.proceed(selector)

    def proceed(self, selector: selectors.BaseSelector) -> None:
        """Send or receive what can be."""
        try:
            if self._sent < len(self._wire):
                self._sent += self._connection.send(self._wire[self._sent :])
                if self._sent == len(self._wire):
                    selector.modify(self._connection, selectors.EVENT_READ, self)
                return
            read = self._connection.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        self._answer += read
        length = _length(self._answer)
        if read and (length is None or len(self._answer) < length):
            return
        self._end(selector, good=bool(read) and self._answer.startswith(_OK), keeps=bool(read))

    def _end(self, selector: selectors.BaseSelector, *, good: bool, keeps: bool) -> None:
        now = time.perf_counter()
        if good:
            self._load.latencies.append(now - self._begun)
        else:
            self._load.refused += 1
        selector.unregister(self._connection)
        if not keeps or b"connection: close" in bytes(self._answer[:1024]).lower():
            self._connection.close()
            self._connection = self._connect()
        self._next = now + self._pause

    def proceed_at(self, now: float, selector: selectors.BaseSelector, *, begins: bool) -> None:
        """Begin the next request when it is time for it, give up one that takes too long, or end."""
        if self._next is None:
            if now - self._begun > _TIMEOUT_SECONDS:
                self._end(selector, good=False, keeps=False)
        elif not begins:
            self.busy = False
        elif now >= self._next:
            self.begin(selector)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _length(answer: bytes | bytearray) -> int | None:
    """Bytes of the whole answer; None while its head has not arrived."""
    end = answer.find(_END_OF_HEAD)
    if end < 0:
        return None
    head = bytes(answer[:end]).lower()
    start = head.find(_LENGTH)
    length = int(head[start + len(_LENGTH) :].split(b"\r\n", 1)[0]) if start >= 0 else 0
    return end + len(_END_OF_HEAD) + length
