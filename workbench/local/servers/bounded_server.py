"""waitress with limits on what clients send: how much, for how long, and over how many connections."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import BadRequest

from workbench.local.servers import freed_memory
from workbench.local.servers.request_parser import RequestParser, RequestTask

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BACKLOG = 512
"""Connections that wait in the kernel to be accepted."""

_LOOK_SECONDS = 1
_LINGER_SECONDS = 5

logging.getLogger("waitress").setLevel(logging.CRITICAL)

Refusal = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body of an answer."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on clients.

    Attributes:
        body_bytes: largest body; its request is refused when its header says more, or when more has come.
        header_bytes: largest request line and header together.
        request_seconds: time for a whole request, from its first byte to its last, beside that of a slow link.
        slowest_link: bytes of a body a second; a request whose body comes faster than that may take as long as it does.
        idle_seconds: time without any byte after which a connection is closed.
        connections: connections at once; one more closes the one that has waited longest with half a request.
        threads: requests that the application works on at once.
    """

    body_bytes: int = 64 * 1024 * 1024
    header_bytes: int = 64 * 1024
    request_seconds: float = 30
    slowest_link: int = 8 * 1024
    idle_seconds: int = 60
    connections: int = 400
    threads: int = 16


class BoundedServer(TcpWSGIServer):  # type: ignore[misc]
    """waitress with a deadline for requests, and room for a new connection whenever one comes."""

    def __init__(
        self,
        application: WSGIApplication,
        listener: socket.socket,
        dispatcher: ThreadedTaskDispatcher,
        limits: Limits,
        refuse: Callable[[int, str], Refusal] | None,
    ) -> None:
        freed_memory.return_it()
        self.limits = limits
        self.refuse = refuse
        self._ended = False
        adjustments = Adjustments(
            sockets=[listener],
            # waitress refuses what reaches its limits, not only what goes beyond them.
            max_request_body_size=limits.body_bytes + 1,
            max_request_header_size=limits.header_bytes + 1,
            channel_timeout=limits.idle_seconds,
            cleanup_interval=_LOOK_SECONDS,
            connection_limit=limits.connections * 2 + 100,  # never reached, because accepting makes room first
            backlog=BACKLOG,
            asyncore_use_poll=True,
            asyncore_loop_timeout=_LOOK_SECONDS,
            clear_untrusted_proxy_headers=False,
            ident=None,
        )
        address = listener.getsockname()
        super().__init__(
            application,
            _sock=listener,
            dispatcher=dispatcher,
            adj=adjustments,
            sockinfo=(listener.family, listener.type, listener.proto, address),
            bind_socket=False,
        )
        self.channel_class = _Channel

    def handle_accept(self) -> None:
        """Accept a connection. Where there are too many, close one that does not read an answer.

        It is closed in its own turn: the new connection would get its number, and with it what the system has told of
        the old one in this turn.
        """
        stay = [channel for channel in self.active_channels.values() if not channel.will_close]
        waiting = [channel for channel in stay if not channel.requests]
        if len(stay) >= self.limits.connections and waiting:
            min(waiting, key=lambda channel: (channel.total_outbufs_len > 0, channel.since)).end()
        super().handle_accept()

    def maintenance(self, now: float) -> None:
        """Close idle connections, and refuse requests that do not end."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.end_if_late()

    def end(self) -> None:
        """Have the loop close all connections and end; ``close`` after that."""
        self._ended = True
        self.pull_trigger()

    def run(self) -> None:
        """Serve until the end is asked for; the server is closed after it, when nothing pulls its trigger any more."""
        while not self._ended:
            self.asyncore.loop(timeout=_LOOK_SECONDS, map=self._map, use_poll=self.adj.asyncore_use_poll, count=1)
        for channel in list(self.active_channels.values()):
            channel.handle_close()


class _LateRequest(BadRequest):  # type: ignore[misc]
    code = 408
    reason = "Request Timeout"


class _Refusal(ErrorTask):  # type: ignore[misc]
    """Answer to a request that never gets to the application, in the application's own form."""

    def execute(self) -> None:
        """Write the answer, after which the connection ends."""
        if self.channel.server.refuse is None:
            super().execute()
            return
        error = self.request.error
        self.status, headers, body = self.channel.server.refuse(error.code, error.body)
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """Connection whose requests have a deadline, and whose client can read a refusal while it still sends.

    A socket that is closed with unread bytes in it is reset, and the client loses the answer with it.
    """

    error_task_class = _Refusal
    parser_class = RequestParser
    task_class = RequestTask
    last_activity: float

    def __init__(self, server: BoundedServer, *rest: Any, **named: Any) -> None:
        self.since = time.monotonic()
        self._lingers = self._only_blank = False
        self.request: Any = None
        self.requests: list[Any] = []
        self.close_when_flushed = False
        super().__init__(server, *rest, **named)

    def handle_read(self) -> None:
        """Read. Empty lines are no request, and keep no connection open."""
        active = self.last_activity
        super().handle_read()
        if self._only_blank:
            self.last_activity, self._only_blank = active, False

    def received(self, data: bytes) -> bool:
        """Take bytes of a request, and refuse one that spends them on anything but its body."""
        if self._lingers:
            return False
        if self.request is None and not data.strip():
            self._only_blank = True
            return False
        if self.request is None:
            self.since = time.monotonic()
        taken = bool(super().received(data))
        if self.request is not None and self.request.chunked:
            body = self.request.body_rcv
            if self.request.body_bytes_received - len(body) > len(body) / 8 + self.server.limits.header_bytes:
                self._refuse(BadRequest("the body is in too small chunks, or its chunks have too long extensions"))
        return taken

    def send_continue(self) -> None:
        """Ask for the body, unless the request has none or is refused; waitress would wait for it for ever."""
        if self.request.completed:
            self.request.expect_continue = False
            return
        super().send_continue()

    def readable(self) -> bool:
        """Return whether to read: requests, and the rest of one that was refused."""
        return self._lingers or super().readable()

    def writable(self) -> bool:
        """Return whether there is something to write, or to close."""
        return not self._lingers and super().writable()

    def handle_write(self) -> None:
        """Write. After a refusal, end the answer and wait for the client to end its request."""
        if self.close_when_flushed and not self.will_close:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and not self.will_close:
                self.close_when_flushed, self._lingers, self.since = False, True, time.monotonic()
                try:
                    self.socket.shutdown(socket.SHUT_WR)
                except OSError:
                    self.handle_close()
            return
        super().handle_write()

    def end_if_late(self) -> None:
        """Refuse a request whose time is over, and close a connection that has lingered long enough."""
        age = time.monotonic() - self.since
        if self._lingers:
            if age > _LINGER_SECONDS:
                self.end()
            return
        come = self.request.body_bytes_received if self.request is not None else 0
        if age > self.server.limits.request_seconds + come / self.server.limits.slowest_link:
            self._refuse(_LateRequest(f"the request did not end within {self.server.limits.request_seconds:g} s"))

    def end(self) -> None:
        """Have the connection closed in its turn."""
        self._lingers, self.will_close = False, True

    def _refuse(self, error: BadRequest) -> None:
        """Answer a request that has not come as a whole, unless one before it is in work."""
        with self.requests_lock:
            refused = self.request
            if refused is None or self.requests or self.will_close or self.close_when_flushed:
                return
            if not refused.headers_finished:
                refused.parse_header(b"GET / HTTP/1.0\r\n")
            refused.error = error
            self.request, self.requests = None, [refused]
        self.server.add_task(self)
