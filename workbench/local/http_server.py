"""WSGI server on a port of 127.0.0.1, in threads of this process."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from workbench.errors import StartError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class HttpServer:
    """Running server; a context manager that stops it.

    Attributes:
        port: the port it listens on.
    """

    def __init__(self, application: WSGIApplication, port: int = 0) -> None:
        try:
            self._server = make_server(HOST, port, application, threaded=True)
        except (OSError, SystemExit) as error:  # werkzeug exits when the port is taken
            raise StartError(f"port {port} is taken; choose another with --port, or --port 0 for a free one") from error
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Base URL without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> HttpServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
