"""What a user's hook returned, as an answer: a body, a body with its content type, or a response of Flask's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Response

from ipc_ai_serving.hooks.json_answers import to_json
from ipc_ai_serving.hooks.messages import Answer

_ENCODED = (str, bytes, bytearray, memoryview)
_SET_BY_SERVER = ("content-type", "content-length")


def answer_of(returned: Any, wanted: str) -> Answer:
    """Make an answer of what a hook returned, of the ``wanted`` content type unless it names another.

    Raises:
        TypeError: the hook returned nothing, or what does not fit into JSON.
        ValueError: a response whose status is no status of an answer.
    """
    if isinstance(returned, Response):
        return _of_response(returned, wanted)
    if isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], str):
        return Answer(_body(returned[0]), returned[1])
    return Answer(_body(returned), wanted)


def _of_response(response: Response, wanted: str) -> Answer:
    if not 200 <= response.status_code <= 599:
        raise ValueError(f"'{response.status}' is no status of an answer")
    response.direct_passthrough = False  # a file of flask.send_file is read here
    headers = tuple((name, value) for name, value in response.headers if name.lower() not in _SET_BY_SERVER)
    try:
        return Answer(response.get_data(), response.content_type or wanted, response.status_code, headers)
    finally:
        response.close()


def _body(answer: Any) -> bytes:
    """Keep text and bytes, and encode the rest as JSON, like the model servers of SageMaker's containers."""
    if answer is None:
        raise TypeError("the hook returned nothing; let output_fn or transform_fn return the body")
    if isinstance(answer, Iterator):
        answer = list(answer)
        if answer and all(isinstance(part, _ENCODED) for part in answer):
            return b"".join(map(_body, answer))
    if isinstance(answer, str):
        return answer.encode()
    return bytes(answer) if isinstance(answer, bytes | bytearray | memoryview) else to_json(answer)
