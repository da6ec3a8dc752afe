"""Flask's context of a request, for hooks that use ``flask.request`` or ``flask.jsonify``."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import sys
from typing import Any

from ipc_ai_serving.hooks.messages import Request


def of(request: Request) -> contextlib.AbstractContextManager[Any]:
    """Create the context of a request; an empty one where the program has not imported Flask, or another ``flask``."""
    if not hasattr(sys.modules.get("flask"), "Flask"):
        return contextlib.nullcontext()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    context: contextlib.AbstractContextManager[Any] = _app().request_context(
        headers
        | {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/invocations",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8080",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": request.content_type or "",
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
        }
    )
    return context


@functools.cache
def _app() -> Any:
    return importlib.import_module("flask").Flask(__name__)
