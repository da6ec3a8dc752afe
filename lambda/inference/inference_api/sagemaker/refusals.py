"""The container's failures in the API's own words.

Our containers answer in the shape of all errors. Others answer in a text, a page of HTML or JSON of their own: the
sentence in it reaches the client.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from inference_api.errors import (
    ApiError,
    EndpointUnavailableError,
    InvalidRequestError,
    ModelFailedError,
    RefusedByModelError,
)

_TAG = re.compile(r"<title>.*?</title>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_LONGEST = 1000
# The sentence in JSON of other frameworks: FastAPI, Flask, Spring.
_SENTENCES = ("message", "detail", "error", "description")


def translated_failure(status: int, said: str) -> ApiError:
    """Translate the container's failure.

    Args:
        status: the container's HTTP status.
        said: its answer. Of a failure other than 503 it may tell of the program, so it reaches the log alone.
    """
    error = _error_object(said)
    message = error.get("message") if error else _sentence(said)
    if 400 <= status < 500:
        code = error.get("code") or InvalidRequestError.code
        return RefusedByModelError(status, str(code), str(message or "the model refused the request"))
    if status == EndpointUnavailableError.status:
        overloaded = "the endpoint is overloaded or still loading its model; try again shortly"
        is_page = said.lstrip().startswith("<")  # of a proxy before the model
        return EndpointUnavailableError(str(overloaded if is_page or not message else message))
    failed = ModelFailedError("the model failed on this request; the endpoint's log has the reason")
    failed.said = f"{status}: {message}" if message else str(status)
    return failed


def _error_object(said: str) -> dict[str, Any]:
    """The error in the shape of all errors; empty for another shape."""
    document = _parsed(said)
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _sentence(said: str) -> str:
    """What a person reads of an answer in another shape, on one line."""
    document = _parsed(said)
    if isinstance(document, dict):
        said = next((document[name] for name in _SENTENCES if isinstance(document.get(name), str)), said)
    elif isinstance(document, str):
        said = document
    elif said.lstrip().startswith("<"):
        said = html.unescape(_TAG.sub(" ", said))
    return " ".join(said.split())[:_LONGEST]


def _parsed(said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None
