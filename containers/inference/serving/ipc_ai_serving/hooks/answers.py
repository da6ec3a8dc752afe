"""What a user's hook returned, as an answer: a body, a body with its content type, or a response of Flask's."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Response

from ipc_ai_serving.hooks.accept import JSON
from ipc_ai_serving.hooks.json_answers import to_json
from ipc_ai_serving.hooks.messages import Answer

_ENCODED = (str, bytes, bytearray, memoryview)
_BYTES = "application/octet-stream"
_TYPE = re.compile(r"\s*[^\s/*;,]+/[^\s/*;,]+\s*(;|$)")
_JSON_TYPE = re.compile(r"\s*((application|text)/json|[^\s/*;,]+/[^\s/*;,]*\+json)\s*(;|$)", re.IGNORECASE)
_SET_BY_SERVER = ("content-type", "content-length")

logger = logging.getLogger(__name__)


def answer_of(returned: Any, wanted: str) -> Answer:
    """Make an answer of what a hook returned, of the ``wanted`` content type unless it names another.

    A range such as ``image/*`` is no type of an answer, and what is encoded here is JSON, whatever was wanted.

    Raises:
        TypeError: the hook returned nothing, or what does not fit into JSON.
        ValueError: a response whose status is no status of an answer.
    """
    if isinstance(returned, Response):
        return _of_response(returned, wanted)
    if isinstance(returned, tuple) and len(returned) == 2:
        body, named = returned
        if isinstance(named, str) and _TYPE.match(named):
            encoded, _ = _encoded(body)
            return Answer(encoded, named)
        if isinstance(body, _ENCODED) and (named is None or isinstance(named, str)):
            if named:
                logger.warning("the hook's answer names the content type '%s', which is none", named)
            returned = body
    encoded, of_itself = _encoded(returned)
    fits = _JSON_TYPE if of_itself == JSON else _TYPE
    return Answer(encoded, wanted if fits.match(wanted) else of_itself or JSON)


def _encoded(answer: Any) -> tuple[bytes, str | None]:
    """Keep text and bytes, and encode the rest as JSON, like the model servers of SageMaker's containers.

    Returns:
        The body, and the type that it has of itself; None for text, which may be anything.
    """
    if answer is None:
        raise TypeError("the hook returned nothing; let output_fn or transform_fn return the body")
    if isinstance(answer, Iterator):
        answer = list(answer)
        if answer and all(isinstance(part, _ENCODED) for part in answer):
            answer = b"".join(part.encode() if isinstance(part, str) else part for part in answer)
    if isinstance(answer, str):
        return answer.encode(), None
    if isinstance(answer, bytes | bytearray | memoryview):
        return bytes(answer), _BYTES
    return to_json(answer), JSON


def _of_response(response: Response, wanted: str) -> Answer:
    if not 200 <= response.status_code <= 599:
        raise ValueError(f"'{response.status}' is no status of an answer")
    response.direct_passthrough = False  # a file of flask.send_file is read here
    headers = tuple((name, value) for name, value in response.headers if name.lower() not in _SET_BY_SERVER)
    try:
        kind = response.content_type or (wanted if _TYPE.match(wanted) else _BYTES)
        return Answer(response.get_data(), kind, response.status_code, headers)
    finally:
        response.close()
