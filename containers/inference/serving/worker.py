"""gunicorn's threaded worker, which loses no connection when it ends."""

from __future__ import annotations

import contextlib
import http
import json
import logging
import select
import socket
import time
import uuid
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from serving import traffic
from serving.body import WholeBody
from serving.errors import ClientError, ServingError, error_document

logger = logging.getLogger(__name__)

_STATUSES = {
    errors.LimitRequestLine: http.HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
_FOLLOWS_WITHIN_MS = 20
# Others take a connection within a fraction of this; one that hangs must not hold up the rest.
_LEFT_TO_OTHERS_SECONDS, _LOOK_AGAIN_SECONDS = 0.002, 0.0005
# gunicorn counts headers that the application made among the faults of parsing.
_FAULTS_OF_ANSWERS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Takes what waits in the kernel's queue before it stops listening, and answers in the one error shape.

    A thread stays with a connection whose next request comes at once. Connections are spread over the workers: the
    kernel wakes all of them for each, and whoever is first would take many that come together.

    The base class leaves the socket open, and so the queue growing, until its last request is done, and whoever is
    in the queue then is reset. Here such a client is answered, and a later one finds the port closed and goes
    elsewhere.
    """

    @property
    def nr_conns(self) -> int:
        """Open connections, as gunicorn counts them; other workers see how many."""
        return self._connections

    @nr_conns.setter
    def nr_conns(self, number: int) -> None:
        self._connections = number
        counts = traffic.counts()
        counts.connections[counts.row] = number

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accepts connections or stops; when the worker ends, for good."""
        super().set_accept_enabled(enabled)
        counts = traffic.counts()
        counts.accepting[counts.row] = enabled
        if self.alive:
            return
        for listener in self.sockets:
            listener.setblocking(False)
            taken = -1
            while taken != self.nr_conns:  # which accept() leaves as it is when nobody waits
                taken = self.nr_conns
                self.accept(listener)
            listener.close()

    def accept(self, listener: socket.socket) -> None:
        """Takes a connection that waits, unless a worker with fewer takes it in a moment."""
        until = time.monotonic() + _LEFT_TO_OTHERS_SECONDS
        while self.alive and self._another_has_fewer() and time.monotonic() < until and _is_ready(listener, 0):
            time.sleep(_LOOK_AGAIN_SECONDS)
        super().accept(listener)

    def _another_has_fewer(self) -> bool:
        fewest = traffic.counts().fewest_connections_elsewhere()
        return fewest is not None and fewest < self.nr_conns

    def handle(self, conn: Any) -> Any:
        """Answers the requests of a connection that follow each other closely.

        In the base class each goes through the thread that waits for all connections, and so through two changes of
        threads, which takes as long as all of Flask.
        """
        kept = super().handle(conn)
        # While there is a thread for each connection, nobody waits for the one that stays.
        while kept is True and self.alive and self.nr_conns <= self.cfg.threads and _follows(conn):
            kept = super().handle(conn)
        return kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answers a request."""
        req.body = WholeBody.of(req.body)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ARG002
        """Answers what never gets to the application: in the base class with a page for people."""
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
        with contextlib.suppress(OSError):  # whoever it was may be gone
            client.sendall(head.encode() + body)


def _follows(conn: Any) -> bool:
    """Whether a client that got its answer sent more with it, or sends or closes while a thread can wait for it."""
    if conn.parser.unreader.buf.getvalue():
        return True
    return _is_ready(conn.sock, _FOLLOWS_WITHIN_MS)


def _is_ready(sock: socket.socket, milliseconds: int) -> bool:
    """Whether there is something to read or accept, at the end of that time at the latest."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(milliseconds))
