"""The reader of pushes, asked about a request of API Gateway. It is loaded for the first request that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference_api import bodies
from inference_api.errors import InvalidRequestError
from inference_api.proxy import Request

if TYPE_CHECKING:
    from camera_push.push import Push


def read(sent: Request, path: str = "") -> Push:
    """Read what a camera sent, without a credential: nothing of one reaches an event or a log.

    Args:
        sent: the request.
        path: the path behind the door.

    Raises:
        InvalidRequestError: it cannot be read, or must not be.
    """
    from camera_push import reader
    from camera_push.push import Sent, UnreadableError

    bare = sent.without_credential()
    try:
        return reader.read(Sent(bare.method, path, bare.query, bare.headers, bodies.bytes_of(bare)))
    except UnreadableError as error:
        raise InvalidRequestError(str(error)) from error
