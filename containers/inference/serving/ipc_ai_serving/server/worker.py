"""gunicorn's threaded worker, without connections lost at its end."""

from __future__ import annotations

import contextlib
import http
import json
import logging
import select
import socket
import uuid
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from ipc_ai_serving.errors import ClientError, ServingError, error_document
from ipc_ai_serving.server.body import WholeBody

logger = logging.getLogger(__name__)

_FOLLOWS_WITHIN_MS = 20
_STATUSES = {
    errors.LimitRequestLine: http.HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
# gunicorn counts headers that the application made among the faults of parsing.
_FAULTS_OF_ANSWERS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Takes every connection that waits in the kernel's queue before it ends, and answers in the one error shape.

    A thread stays with a connection whose next request comes at once.

    The base class leaves the socket open, and so the queue growing, until its last request is done; connections in the
    queue then are reset. Here their clients are answered, and later ones find the port closed and go elsewhere.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or stop; when the worker ends, for good."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            listener.setblocking(False)
            taken = -1
            while taken != self.nr_conns:  # which accept() leaves as it is when the queue is empty
                taken = self.nr_conns
                self.accept(listener)
            listener.close()

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


def _follows(conn: Any) -> bool:
    """Tell whether a client that got its answer sends more, or closes, while a thread can wait for it."""
    if conn.parser.unreader.buf.getvalue():
        return True
    waiting = select.poll()
    waiting.register(conn.sock, select.POLLIN)
    return bool(waiting.poll(_FOLLOWS_WITHIN_MS))
