"""The reader of pushes, asked about a request of API Gateway. It is loaded for the first request that needs it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from inference_api.errors import InvalidRequestError
from inference_api.parsing import bodies
from inference_api.proxy import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_push.envelope import Envelope
    from camera_push.push import Push, Sent


def read(request: Request, path: str) -> Push:
    """Read what a camera sent, in its vendor's words.

    Args:
        request: the request.
        path: the path behind the door.

    Raises:
        InvalidRequestError: it cannot be read, or must not be.
    """
    from camera_push import reader

    with _refusals():
        return reader.read(_sent(request, path))


def opened(request: Request) -> Envelope:
    """Find the pictures of a body, whatever its form.

    Raises:
        InvalidRequestError: it cannot be read, or must not be.
    """
    from camera_push import opening

    with _refusals():
        return opening.opened(_sent(request))


def _sent(request: Request, path: str = "") -> Sent:
    """The request for the reader, without a credential: nothing of one reaches an event or a log."""
    from camera_push.push import Sent

    bare = request.without_credential()
    return Sent(bare.method, path, bare.query, bare.headers, bodies.bytes_of(bare))


@contextmanager
def _refusals() -> Iterator[None]:
    from camera_push.push import UnreadableError

    try:
        yield
    except UnreadableError as error:
        raise InvalidRequestError(str(error)) from error
