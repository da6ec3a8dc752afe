"""Repeats of a request with an Idempotency-Key to an asynchronous endpoint, whose failure comes later."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest

from inference_api import completion, resources
from inference_api import handler as module
from inference_api.errors import ApiError, EndpointUnavailableError
from inference_api.events import idempotency
from inference_api.events.event_store import Event
from inference_api.messages import Inference, Pending
from inference_api.sagemaker.async_endpoint import AsyncEndpoint
from tests.fake_endpoint import CONTEXT, JPEG, RESULT
from tests.lambda_events import proxy_event

OVERLOADED = {"error": {"code": "Overloaded", "message": "busy"}}
Answer = tuple[int, dict[str, Any], dict[str, str]]


class Queue:
    """The API over SageMaker's queue, which a test empties."""

    def __init__(self, bucket: Any) -> None:
        self.bucket = bucket
        self.asked: list[str] = []
        self.computes: Callable[[], object] = lambda: None

    def invoke_endpoint_async(self, **call: Any) -> dict[str, str]:
        self.asked.append(call["InferenceId"])
        self.computes()
        return {
            "OutputLocation": f"s3://event-store/async/output/{call['InferenceId']}.out",
            "FailureLocation": f"s3://event-store/async/failure/{call['InferenceId']}-error.out",
        }

    def post(self) -> Answer:
        """Send the same frame with the same key, without waiting for the answer."""
        event = proxy_event(JPEG, content_type="image/jpeg", Idempotency_Key="a-key", Prefer="respond-async")
        event["requestContext"]["requestId"] = str(uuid.uuid4())
        return _read(module.handler(event, CONTEXT))

    def fetch(self, request_id: str) -> Answer:
        event = proxy_event(None, path=f"/inference/{request_id}") | {"httpMethod": "GET"}
        return _read(module.handler(event, CONTEXT))

    def answers(self, request_id: str) -> None:
        key = f"async/output/{request_id}.out"
        self.bucket.put_object(Key=key, Body=RESULT, ContentType="application/json")

    def fails(self, request_id: str) -> None:
        self.bucket.put_object(Key=f"async/failure/{request_id}-error.out", Body=json.dumps(OVERLOADED).encode())

    def times_out(self, request_id: str) -> None:
        told = {"invocationStatus": "Failed", "inferenceId": request_id, "failureReason": "(503)"}
        completion.handler({"Records": [{"Sns": {"Message": json.dumps(told)}}]}, CONTEXT)

    def results(self) -> list[str]:
        keys = [item.key for item in self.bucket.objects.filter(Prefix="events/")]
        return [key for key in keys if key.endswith("result.json")]


def _read(answer: dict[str, Any]) -> Answer:
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


@pytest.fixture
def queue(bucket: Any, function_environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    function_environment.setenv("ENDPOINT_TYPE", "async")
    caches = (resources.settings, resources.event_store, resources.origin)
    for cached in caches:
        cached.cache_clear()
    queue = Queue(bucket)
    endpoint = AsyncEndpoint(cast(Any, queue), boto3.client("s3"), name="endpoint", bucket="event-store")
    monkeypatch.setattr(resources, "async_endpoint", lambda: endpoint)
    yield queue
    for cached in caches:
        cached.cache_clear()


def _is_stored_as_a_new_request(queue: Queue, first: str) -> bool:
    """True when the next repeat runs, and those after it are answered from its event."""
    status, answer, headers = queue.post()
    again = answer["request_id"]
    assert (status, headers["X-Request-Id"]) == (202, again)
    assert again != first
    assert "X-Original-Request-Id" not in headers
    queue.answers(again)
    for _ in range(2):  # from the endpoint, then from the event
        status, answer, headers = queue.post()
        assert (status, answer) == (200, json.loads(RESULT))
        assert (headers["X-Original-Request-Id"], headers["X-Event-Stored"]) == (again, "true")
    return queue.asked == [first, again] and len(queue.results()) == 1


@pytest.mark.parametrize("ends", [Queue.fails, Queue.times_out])
def test_a_request_that_failed_later_may_be_repeated_at_once(queue: Queue, ends: Callable[[Queue, str], None]) -> None:
    first = queue.post()[1]["request_id"]
    ends(queue, first)
    assert _is_stored_as_a_new_request(queue, first)
    assert queue.fetch(first)[0] == 503


def test_an_event_whose_frames_were_lost_may_be_repeated(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Event, "leave_open", _fails)
        first = queue.post()[1]["request_id"]
    assert _is_stored_as_a_new_request(queue, first)
    queue.answers(first)
    assert queue.fetch(first)[2]["X-Event-Stored"] == "false"


def test_of_two_repeats_of_a_failed_request_one_runs(queue: Queue) -> None:
    first = queue.post()[1]["request_id"]
    queue.fails(first)
    meanwhile = []

    def asks_again() -> None:
        queue.computes = lambda: None
        meanwhile.append(queue.post())

    queue.computes = asks_again
    again = queue.post()[1]["request_id"]
    ((status, answer, headers),) = meanwhile
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (409, "RequestInProgress", "1")
    assert queue.post()[1]["request_id"] == again
    assert queue.asked == [first, again]


def test_a_request_that_fails_after_a_repeat_took_its_key_leaves_it(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = resources.async_endpoint()
    outcome = endpoint.outcome
    repeats = []

    def fails_and_is_repeated(pending: Pending) -> Inference | ApiError | None:
        monkeypatch.setattr(endpoint, "outcome", outcome)
        queue.fails(pending.request_id)
        repeats.append(queue.post())
        return outcome(pending)

    monkeypatch.setattr(endpoint, "outcome", fails_and_is_repeated)
    assert queue.post()[0] == 503
    again = repeats[0][1]["request_id"]
    status, answer, headers = queue.post()
    assert (status, answer["request_id"], headers["X-Original-Request-Id"]) == (202, again, again)
    assert len(queue.asked) == 2


def test_a_failure_to_read_the_outcome_is_none_of_the_request(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    first = queue.post()[1]["request_id"]
    with monkeypatch.context() as broken:
        broken.setattr(resources.async_endpoint(), "outcome", _fails)
        assert queue.post()[0] == 503
    assert queue.post()[1]["request_id"] == first
    assert queue.asked == [first]


def test_an_event_whose_answer_has_no_room_is_not_answered_from(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.post()
    too_large = Inference(b"\0" * 5_000_000, "application/x-npy")
    monkeypatch.setattr(idempotency.Claims, "_answer", lambda *_: too_large)
    status, answer, _ = queue.post()
    assert (status, answer["error"]["code"]) == (502, "AnswerTooLarge")


def _fails(*_: Any) -> Any:
    raise EndpointUnavailableError("not now")
