"""Answers to pushes: the body that the vendor's device expects, or the detections, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inference_api import answers, strict_json
from inference_api.messages import JSON, EventFate, Inference
from inference_api.proxy import Response

if TYPE_CHECKING:
    from camera_push.push import Reply

_ALIVE = '{"result":true}'  # of Dahua's sign of life at the host's root


def alive(request_id: str) -> Response:
    """The words for a sign of life that is sent without a credential, and of which nothing is recorded."""
    return Response(200, JSON, _ALIVE, answers.headers_of(request_id, EventFate.NOT_KEPT))


def bare(reply: Reply, request_id: str, event: EventFate, next_frame_after_ms: int | None = None) -> Response:
    """The device's own 200, without detections; empty where it expects no body, unless it is asked to keep a pace."""
    headers = answers.headers_of(request_id, event)
    if not reply.body and next_frame_after_ms is not None:
        return Response(200, JSON, answers.paced("{}", next_frame_after_ms), headers)
    body = reply.body if _parsed(reply.body) is None else _beside(reply.body, {}, next_frame_after_ms)
    return Response(200, reply.content_type, body, headers)


def result(
    reply: Reply, answer: Inference, request_id: str, event: EventFate, next_frame_after_ms: int | None = None
) -> Response:
    """The detections: as ``/inference`` answers them, or beside the words that the device expects, if that is JSON."""
    if not reply.body:
        return answers.inference(answer, request_id, event, next_frame_after_ms)
    response = bare(reply, request_id, event, next_frame_after_ms)
    words, detections = _parsed(reply.body), _parsed(answer.text) if answer.is_json else None
    if words is None or detections is None:
        return response
    name = "detections" if "result" in words else "result"
    return Response(
        200, reply.content_type, _beside(reply.body, {name: detections}, next_frame_after_ms), response.headers
    )


def _beside(words: str, told: dict[str, Any], next_frame_after_ms: int | None) -> str:
    """An object of JSON with more in it. Its own bytes stay, as firmware may look for ``"Result":true`` in them."""
    pace = {} if next_frame_after_ms is None else {"next_frame_after_ms": next_frame_after_ms}
    more = strict_json.written({**told, **pace})
    return f"{words.rstrip().removesuffix('}')},{more.removeprefix('{')}" if told or pace else words


def _parsed(text: str) -> dict[str, object] | None:
    """An object of JSON; None for all else."""
    try:
        document = strict_json.parsed(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
