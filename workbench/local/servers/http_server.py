"""HTTP server on a port of this machine, in threads of this process: waitress, with limits on all that clients send.

One thread reads all connections, so a client that sends slowly keeps no other from its answer. Bodies beyond 512 KiB
are kept in temporary files, and the application sees whole requests only.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from waitress.task import ThreadedTaskDispatcher

from workbench.errors import StartError
from workbench.local.servers.bounded_server import BACKLOG, BoundedServer, Limits, Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
_IP_FREEBIND = 15  # of linux/in.h
_ENDING_SECONDS = 1


class HttpServer:
    """Running server; a context manager that stops it within a second, whatever its requests do.

    Attributes:
        port: the port it listens on.
    """

    def __init__(
        self,
        application: WSGIApplication,
        port: int = 0,
        *,
        host: str = HOST,
        limits: Limits | None = None,
        refuse: Callable[[int, str], Refusal] | None = None,
    ) -> None:
        """Starts to serve.

        Args:
            application: the application.
            port: port to listen on; 0 picks a free one.
            host: address to listen on, which this machine need not have yet.
            limits: limits on clients.
            refuse: writes the answer to a request that never gets to the application, from its status and the reason.

        Raises:
            StartError: the port is taken.
        """
        self._host = host
        limits = limits or Limits()
        try:
            listener = _listening(host, port)
        except OSError as error:
            raise StartError(f"port {port} is taken; choose another with --port, or --port 0 for a free one") from error
        self.port: int = listener.getsockname()[1]
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(limits.threads)
        self._server = BoundedServer(application, listener, self._dispatcher, limits, refuse)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
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
        self._server.accepting = False
        self._dispatcher.shutdown(timeout=_ENDING_SECONDS)  # its threads are daemons, which may go on a while
        self._server.end()
        self._thread.join()
        self._server.close()  # not by that thread, which may end before it was told to


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket. An engine makes its bridge's address with the first container, so it may come later."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host != HOST and sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
