"""Answers while there is no worker yet: 503 to everyone, from a process of its own, until the model is loaded.

gunicorn's master loads the model, or each worker does; either takes seconds to minutes in which nobody else would
accept a connection, and SageMaker could not tell a program that is loading from one that hangs.
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
    """The process that answers, as its parent and the parent's other children see it.

    They hold one end of a pair of sockets, the process the other. It ends when it is told so through the pair, or
    when everybody at the other end is gone; and they see it end by the pair's closing. No process id can go stale.
    """

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours

    @classmethod
    def start(cls, listener: socket.socket) -> StartupAnswers:
        """Answers on ``listener``, which stays open here, from now on."""
        ours, its = socket.socketpair()
        ours.settimeout(_STOP_SECONDS)
        if os.fork() == 0:
            ours.close()
            _answer_until_told(listener, its)
        its.close()
        return cls(ours)

    def stop(self) -> None:
        """Ends the answers and returns when no more is given. Any number of processes may call it."""
        try:
            self._ours.send(b".")
            self._ours.recv(1)
        except OSError:
            pass  # gone already, or stuck: then its alarm ends it


def _answer_until_told(listener: socket.socket, its: socket.socket) -> None:
    """The process: never returns."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    server = ThreadingHTTPServer(("", 0), _NotReady, bind_and_activate=False)
    server.daemon_threads = False  # so that closing waits for answers under way
    server.socket.close()
    server.socket = socket.socket(fileno=os.dup(listener.fileno()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    its.recv(1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(2)  # a client that reads or writes slowly does not hold up the workers
    server.shutdown()
    server.server_close()
    os._exit(0)


class _NotReady(BaseHTTPRequestHandler):
    """``ModelNotReady`` whatever was asked."""

    timeout = _CLIENT_SECONDS

    def _refuse(self) -> None:
        left = self.headers.get("Content-Length", "")
        waiting = int(left) if left.isdecimal() else 0
        while waiting and (read := self.rfile.read(min(waiting, _CHUNK_BYTES))):
            waiting -= len(read)  # a client may not look for an answer before it has sent all
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
        """Nothing: pings during the start would fill the log."""
