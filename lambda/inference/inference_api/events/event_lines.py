"""The line of JSON that is an event's result.json, and the answer that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_api import strict_json
from inference_api.messages import JSON, Inference


def line(document: Mapping[str, Any], result: Inference) -> str | None:
    """The event with its result; None for an answer that is not JSON, whatever it says it is."""
    if not result.is_json:
        return None
    kind = result.type_in_utf_8
    told = _told(result) | ({"content_type": kind} if kind != JSON else {})
    try:
        return strict_json.written({**document, "result": result.document, **_response(told)})
    except (ValueError, RecursionError):
        return None


def line_with_object(document: Mapping[str, Any], result: Inference, *, named: str) -> str:
    """The event whose result is an object of its own."""
    return strict_json.written({**document, "result": None, "result_object": named, **_response(_told(result))})


def type_of_object(result: Inference) -> str:
    """The type of an answer that is an object of its own; plain text for one that says it is JSON and is not."""
    return "text/plain; charset=utf-8" if result.is_json else result.content_type


def answer_in(event: Mapping[str, Any]) -> Inference:
    """The answer that an event holds in its line."""
    return Inference(strict_json.written(event["result"]).encode(), **event.get("response", {}))


def answer_beside(event: Mapping[str, Any], body: bytes, content_type: str) -> Inference:
    """The answer whose body is an object of its own."""
    return Inference(body, content_type, **event.get("response", {}))


def _told(result: Inference) -> dict[str, Any]:
    """Status and headers that a program of the operator's own set, where it did."""
    told: dict[str, Any] = {} if result.status == Inference.status else {"status": result.status}
    return told | ({"headers": dict(result.headers)} if result.headers else {})


def _response(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"response": told} if told else {}
