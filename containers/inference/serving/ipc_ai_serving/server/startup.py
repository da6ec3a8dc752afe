"""Answers before there is a worker: 503 to every request, from a process of its own, until the model is loaded.

gunicorn's master loads the model, or each worker does. Either takes seconds to minutes without another process that
accepts connections, and SageMaker could not tell a program that is loading from one that hangs.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ipc_ai_serving.errors import ModelNotReadyError, error_document

_STOP_SECONDS = 5
_CLIENT_SECONDS = 5
_CHUNK_BYTES = 65536
_MESSAGE = "the model is still loading; try again shortly"


class StartupAnswers:
    """Handle of the answering process, for its parent and the parent's other children.

    They hold one end of a pair of sockets, the process the other. It ends on a byte through the pair, or when all
    holders of the other end are gone; they see its end as the pair's closing. A process id might go stale, a socket
    does not.
    """

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours

    @classmethod
    def start(cls, listener: socket.socket) -> StartupAnswers:
        """Fork a process that answers on ``listener`` until ``stop``. The listener stays open in this process."""
        ours, its = socket.socketpair()
        ours.settimeout(_STOP_SECONDS)
        if os.fork() == 0:
            ours.close()
            _answer_until_told(listener, its)
        its.close()
        return cls(ours)

    def stop(self) -> None:
        """End the process and return when it gives no more answers. Any number of processes may call this."""
        try:
            self._ours.send(b".")
            self._ours.recv(1)
        except OSError:
            pass  # it is gone already, or its alarm will end it


def _answer_until_told(listener: socket.socket, its: socket.socket) -> None:
    """Run the process, which never returns."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    server = ThreadingHTTPServer(("", 0), _NotReady, bind_and_activate=False)
    server.daemon_threads = False  # server_close() waits for answers under way
    server.socket.close()
    server.socket = socket.socket(fileno=os.dup(listener.fileno()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    its.recv(1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(2)  # so that a slow client does not hold up the workers
    server.shutdown()
    server.server_close()
    os._exit(0)


class _NotReady(BaseHTTPRequestHandler):
    """Answers every request with ``ModelNotReady``."""

    timeout = _CLIENT_SECONDS

    def _refuse(self) -> None:
        left = self.headers.get("Content-Length", "")
        waiting = int(left) if left.isdecimal() else 0
        while waiting and (read := self.rfile.read(min(waiting, _CHUNK_BYTES))):
            waiting -= len(read)  # a client may read no answer before it has sent all
        request_id = self.headers.get("X-Amzn-SageMaker-Inference-Id") or str(uuid.uuid4())
        body = json.dumps(error_document(ModelNotReadyError.code, _MESSAGE, request_id)).encode()
        self.send_response(ModelNotReadyError.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = _refuse  # noqa: N815 (the base class's names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Log nothing, because pings during the start would fill the log."""
