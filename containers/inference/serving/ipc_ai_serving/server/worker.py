"""gunicorn's threaded worker, without connections lost at its end."""

from __future__ import annotations

import contextlib
import http
import json
import logging
import select
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from ipc_ai_serving.errors import ClientError, ServingError, error_document
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.server.body import WholeBody

logger = logging.getLogger(__name__)

_FOLLOWS_WITHIN_MS = 20
# Another worker takes a connection within a fraction of this, unless it hangs, or waits for a client to close.
_LEFT_TO_OTHERS_SECONDS, _LOOK_AGAIN_SECONDS = 0.002, 0.0005
_GIVES_UP_SECONDS = 0.05
_STATUSES = {
    errors.LimitRequestLine: http.HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
# gunicorn counts headers that the application made among the faults of parsing.
_FAULTS_OF_ANSWERS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Takes every connection that waits in the kernel's queue before it ends, and answers in the one error shape.

    A thread stays with a connection whose next request comes at once. Connections are spread over the workers: the
    kernel wakes all of them for each, and the first to wake would take many that come together. With an engine of one
    request at a time they would then wait beside an idle worker.

    The base class leaves the socket open, and so the queue growing, until its last request is done; connections in the
    queue then are reset. Here their clients are answered, and later ones find the port closed and go elsewhere.
    """

    serves: Callable[[], bool] = staticmethod(lambda: True)
    """Tells whether requests would be served now."""
    _gave_up: tuple[int | None, float] = (None, 0.0)
    """Connections of the worker that did not take one that was left to it, and the time until when they count."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or stop; when the worker ends, for good."""
        enabled = enabled and self._may_accept()
        super().set_accept_enabled(enabled)
        counts = traffic.counts()
        counts.accepting[counts.row] = enabled
        if self.alive:
            return
        for listener in self.sockets:
            listener.setblocking(False)
            taken = -1
            while taken != self.nr_conns:  # which accept() leaves as it is when the queue is empty
                taken = self.nr_conns
                self.accept(listener)
            listener.close()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection that waits, unless a worker with fewer in use takes it in a moment.

        A worker that did not take one is not waited for again until its number changes or a while has passed: it may
        hang.
        """
        start = now = time.monotonic()
        while self.alive and self._another_has_fewer(now) and _is_ready(listener, 0):
            if now - start >= _LEFT_TO_OTHERS_SECONDS:
                self._gave_up = _fewest_elsewhere(), now + _GIVES_UP_SECONDS
                break
            time.sleep(_LOOK_AGAIN_SECONDS)
            now = time.monotonic()
        super().accept(listener)
        self._publish()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Handle the events of connections, then publish how many connections are in use."""
        super().wait_for_and_dispatch_events(timeout)
        self._publish()
        if self._accepting and self.alive and not self._may_accept():
            self.set_accept_enabled(False)

    def _may_accept(self) -> bool:
        """Tell whether this worker serves, or no other one is there that could."""
        return self.serves() or _fewest_elsewhere() is None

    def _another_has_fewer(self, now: float) -> bool:
        fewest = _fewest_elsewhere()
        number, until = self._gave_up
        return fewest is not None and fewest < self._in_use and (fewest != number or now >= until)

    @property
    def _in_use(self) -> int:
        """Connections that have a thread, or wait for one. Idle keep-alive connections do not count."""
        return int(self.nr_conns) - len(self.keepalived_conns) - len(self.pending_conns)

    def _publish(self) -> None:
        counts = traffic.counts()
        counts.connections[counts.row] = self._in_use

    def handle(self, conn: Any) -> Any:
        """Answer the requests of a connection that follow each other closely.

        In the base class each goes through the thread that waits for all connections, and so through two changes of
        threads, which takes as long as all of Flask.
        """
        kept = super().handle(conn)
        # While there is a thread for each connection, no other waits for the one that stays.
        while kept is True and self.alive and self.nr_conns <= self.cfg.threads and _follows(conn):
            kept = super().handle(conn)
        return kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request."""
        req.body = WholeBody.of(req.body)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ARG002
        """Answer a request that never gets to the application; the base class would send a page of HTML."""
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _FAULTS_OF_ANSWERS):
            status = _STATUSES.get(type(exc), http.HTTPStatus.BAD_REQUEST)
            code, message = ClientError.code, f"the request is not valid HTTP: {exc}"
            logger.warning("refused: %s", message)
        else:
            status, code = http.HTTPStatus.INTERNAL_SERVER_ERROR, ServingError.code
            message = "the server failed; its log has the reason"
            logger.error("failed", exc_info=exc)
        body = json.dumps(error_document(code, message, str(uuid.uuid4()))).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with contextlib.suppress(OSError):  # the client may be gone
            client.sendall(head.encode() + body)


def _fewest_elsewhere() -> int | None:
    return traffic.counts().fewest_connections_elsewhere()


def _follows(conn: Any) -> bool:
    """Tell whether a client that got its answer sends more, or closes, while a thread can wait for it."""
    if conn.parser.unreader.buf.getvalue():
        return True
    return _is_ready(conn.sock, _FOLLOWS_WITHIN_MS)


def _is_ready(sock: socket.socket, milliseconds: int) -> bool:
    """Tell whether a socket can be read or accepts, at the end of that time at the latest."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(milliseconds))
