"""Bodies of requests: in base64 from an API that takes all types as binary, as text in an event sent directly."""

from __future__ import annotations

import base64

import pybase64

from inference_api.errors import InvalidRequestError
from inference_api.proxy import Request


def bytes_of(sent: Request) -> bytes:
    """The body as the client sent it.

    Raises:
        InvalidRequestError: the event says that it is in base64, and it is not; or it is no text.
    """
    try:
        return decoded(sent.body) if sent.is_base64 else sent.body.encode()
    except ValueError as error:
        raise InvalidRequestError("the body of the event is not what its isBase64Encoded says") from error


def text_of(sent: Request) -> str | bytes:
    """The body for ``json``, which accepts text without a byte order mark, and bytes."""
    return bytes_of(sent) if sent.is_base64 else sent.body.removeprefix("\ufeff")


def decoded(text: str) -> bytes:
    """Decode base64.

    Raises:
        ValueError: it is not base64.
    """
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        # MIME's base64 has line breaks, and some encoders write them; nothing else is skipped.
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
