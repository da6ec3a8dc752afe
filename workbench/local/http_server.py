"""WSGI server on a port of this machine, in threads of this process."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from workbench.errors import StartError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
_IP_FREEBIND = 15  # of linux/in.h
_BACKLOG = 128

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class HttpServer:
    """Running server; a context manager that stops it.

    Attributes:
        port: the port it listens on.
    """

    def __init__(self, application: WSGIApplication, port: int = 0, *, host: str = HOST) -> None:
        """Starts to serve.

        Args:
            application: the application.
            port: port to listen on; 0 picks a free one.
            host: address to listen on, which this machine need not have yet.

        Raises:
            StartError: the port is taken.
        """
        self._host = host
        try:
            with _listening(host, port) as listener:
                self._server = make_server(host, port, application, threaded=True, fd=listener.fileno())
        except OSError as error:
            raise StartError(f"port {port} is taken; choose another with --port, or --port 0 for a free one") from error
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Base URL without a slash at its end."""
        return f"http://{self._host}:{self.port}"

    def __enter__(self) -> HttpServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket. An engine makes its bridge's address with the first container, so it may come later."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host != HOST and sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
