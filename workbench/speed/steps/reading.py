"""From the socket to the image's bytes."""

from __future__ import annotations

import base64
import functools
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workbench.speed.figures import Figure
from workbench.speed.material import Material
from workbench.speed.side_by_side import Effort
from workbench.speed.steps import ways

_STALLED_SECONDS = 60


def body(found: Material, effort: Effort) -> list[Figure]:
    """A large frame off a socket in one read, beside gunicorn's pieces, and those in the pieces that Flask asks for."""
    ways.as_when_serving()
    from ipc_ai_serving.server.body import WholeBody

    frame = found.large()
    ours, theirs = socket.socketpair()
    ours.settimeout(_STALLED_SECONDS)
    with ours, theirs, ThreadPoolExecutor(1) as sender:

        def read(way: Callable[[Any], bytes]) -> bytes:
            sending = sender.submit(theirs.sendall, frame)
            whole = way(_body(ours, len(frame)))
            sending.result()
            return whole

        others: dict[str, Callable[[Any], bytes]] = {
            "gunicorn's pieces": lambda body: body.read(len(frame)),
            "Flask's pieces of those": functools.partial(_as_flask_reads, length=len(frame)),
        }
        return [
            ways.compare(
                f"body of {len(frame) / 1e6:.1f} MB in one read / in {name}",
                functools.partial(read, lambda body: WholeBody.of(body).read(len(frame))),
                functools.partial(read, other),
                effort,
                clock=time.thread_time,  # what the sender takes is the client's
            )
            for name, other in others.items()
        ]


def base64_text(found: Material, effort: Effort) -> list[Figure]:
    """The older form's text of a large frame."""
    import pybase64

    text = base64.b64encode(found.large()).decode()
    return [
        ways.compare(
            f"base64, {len(text) / 1e6:.1f} MB of text: pybase64 / base64",
            functools.partial(pybase64.b64decode, text, validate=True),
            functools.partial(base64.b64decode, text, validate=True),
            effort,
        )
    ]


def image_in_json(found: Material, effort: Effort) -> list[Figure]:
    """The older form's JSON of a large frame, in which base64 is decoded where it stands."""
    ways.as_when_serving()
    import pybase64

    from ipc_ai_serving.requests import content

    whole = json.dumps({"image_bytes": base64.b64encode(found.large()).decode(), "short_size": 416}).encode()

    def as_usual() -> bytes:
        return pybase64.b64decode(json.loads(whole)["image_bytes"], validate=True)

    return [
        ways.compare(
            f"JSON of {len(whole) / 1e6:.1f} MB, the image decoded in place / read as a text first",
            lambda: content.base64_image(content.json_object(whole), "image_bytes"),
            as_usual,
            effort,
        )
    ]


def _body(receiver: socket.socket, length: int) -> Any:
    """A body as gunicorn hands it to its worker."""
    from gunicorn.http.body import Body, LengthReader
    from gunicorn.http.unreader import SocketUnreader

    return Body(LengthReader(SocketUnreader(receiver), length))


def _as_flask_reads(body: Any, *, length: int) -> bytes:
    """What ``request.get_data()`` does."""
    from flask import Request

    return Request({"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(length), "wsgi.input": body}).get_data(cache=False)
