"""Answers to clients, a result, a pending one or an error, within the limits of Lambda and API Gateway."""

from __future__ import annotations

import json
from dataclasses import replace

from inference_api import strict_json
from inference_api.errors import AnswerTooLargeError, ApiError, error_document
from inference_api.messages import JSON, EventFate, Inference
from inference_api.proxy import Request, Response

MAX_RESPONSE_BYTES = 6_291_556
"""Lambda's limit for a function's response, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_HEADERS_BYTES = 8192  # more than all headers of an answer
_MOST_BYTES_OF_A_BYTE = 6  # a control character in JSON: \\u0000
_RETRY_SECONDS = 5  # a fleet takes minutes to start from no instance


def require_room_for(result: Inference) -> None:
    """Check that an answer fits into the function's response.

    Raises:
        AnswerTooLargeError: it does not; Lambda would answer 502 without a reason.
    """
    room = MAX_RESPONSE_BYTES - _HEADERS_BYTES
    if len(result.body) * _MOST_BYTES_OF_A_BYTE <= room:
        return
    size = len(json.dumps(result.text)) if result.is_text else 4 * (len(result.body) // 3 + 1)
    if size > room:
        raise AnswerTooLargeError(
            f"the model's answer takes {size} bytes in the function's response, which has room for {room}; "
            "ask for fewer results, or let the application answer less"
        )


def inference(result: Inference, request_id: str, event: EventFate, next_frame_after_ms: int | None = None) -> Response:
    """The container's answer, 200 or its own status; a header says if its event is stored, where events are kept."""
    headers = {**result.headers, **headers_of(request_id, event)}
    if result.is_text:
        text = paced(result.text, next_frame_after_ms) if result.is_json else result.text
        return Response(result.status, content_type=result.type_in_utf_8, body=text, headers=headers)
    return Response(result.status, content_type=result.content_type, body=result.body, headers=headers)


def not_looked_at(request_id: str, reason: str | None, next_frame_after_ms: int | None) -> Response:
    """The answer to frames that the camera's profile keeps from the model."""
    body = paced(json.dumps({"looked_at": False, "reason": reason}), next_frame_after_ms)
    return Response(200, content_type=JSON, body=body, headers=headers_of(request_id, EventFate.NOT_KEPT))


def headers_of(request_id: str, event: EventFate) -> dict[str, str]:
    """The headers of an answer: the request's id, and, where events are kept, the fate of this one."""
    stored = {} if event is EventFate.NOT_KEPT else {"X-Event-Stored": "true" if event is EventFate.STORED else "false"}
    return {"X-Request-Id": request_id, **stored}


def paced(text: str, next_frame_after_ms: int | None) -> str:
    """An object of JSON with the pace that the camera is asked to keep; all else as it is."""
    if next_frame_after_ms is None:
        return text
    try:
        document = strict_json.parsed(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(document, dict):
        return text
    return strict_json.written({**document, "next_frame_after_ms": next_frame_after_ms})


def repeated(result: Inference, request_id: str, earlier_id: str) -> Response:
    """The answer of an earlier request with the same Idempotency-Key, whose event has it."""
    return of_earlier(inference(result, request_id, EventFate.STORED), earlier_id)


def of_earlier(response: Response, earlier_id: str) -> Response:
    """The answer, with the id of the earlier request that it is of."""
    return replace(response, headers={**response.headers, "X-Original-Request-Id": earlier_id})


def pending(request: Request, pending_id: str) -> Response:
    """202 with the place of the answer to come, below the path by which this request came."""
    path = request.path_with_stage.split("/inference")[0]
    headers = {
        "X-Request-Id": request.request_id,
        "Location": f"{path}/inference/{pending_id}",
        "Retry-After": str(_RETRY_SECONDS),
    }
    body = json.dumps({"request_id": pending_id, "status": "pending"})
    return Response(202, content_type=JSON, body=body, headers=headers)


def failure(error: ApiError, request_id: str) -> Response:
    """An error in the one shape of all errors."""
    headers = {"X-Request-Id": request_id, **error.headers}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    body = json.dumps(error_document(error.code, str(error), request_id))
    return Response(error.status, content_type=JSON, body=body, headers=headers)
