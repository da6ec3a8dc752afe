"""Repeats of a request with an Idempotency-Key, by whole events of the handler and an emulated bucket."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from inference_api import handler as module
from inference_api import resources
from inference_api.errors import EndpointUnavailableError, InvalidRequestError, RequestInProgressError
from inference_api.events import idempotency
from inference_api.events.event_store import EventStore
from inference_api.messages import Inference, InferenceRequest, Pending
from tests.fake_endpoint import CONTEXT, JPEG, RESULT, FakeEndpoint
from tests.lambda_events import as_request, older_client_event, proxy_event

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def _event(key: str | None = KEY, *, frame: bytes = JPEG, camera: str = "gate", **identity: str) -> dict[str, Any]:
    named = {"Idempotency_Key": key} if key is not None else {}
    event = proxy_event(frame, content_type="image/jpeg", X_Camera_Id=camera, **named)
    event["requestContext"] |= {"requestId": str(uuid.uuid4()), "identity": identity}
    return event


def _handle(event: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    answer = module.handler(event, CONTEXT)
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


def _results(bucket: Any) -> list[str]:
    return [item.key for item in bucket.objects.filter(Prefix="events/") if item.key.endswith("result.json")]


def _claims(bucket: Any) -> list[str]:
    return [item.key for item in bucket.objects.filter(Prefix="idempotency/")]


def test_a_repeat_is_answered_from_the_event_and_not_stored_again(bucket: Any, endpoint: FakeEndpoint) -> None:
    first, repeat = _event(), _event()
    status, answer, headers = _handle(first)
    assert (status, headers["X-Event-Stored"]) == (200, "true")
    assert "X-Original-Request-Id" not in headers
    again = _handle(repeat)
    assert again[:2] == (status, answer) == (200, json.loads(RESULT))
    assert again[2]["X-Original-Request-Id"] == headers["X-Request-Id"] == first["requestContext"]["requestId"]
    assert again[2]["X-Request-Id"] == repeat["requestContext"]["requestId"]
    assert again[2]["X-Event-Stored"] == "true"
    assert len(endpoint.requests) == len(_results(bucket)) == len(_claims(bucket)) == 1


def test_a_repeat_in_the_other_form_is_the_same_request(bucket: Any, endpoint: FakeEndpoint) -> None:
    _handle(_event())
    event = older_client_event(JPEG, camera_id="gate", timestamp="later")
    event["headers"] = {"idempotency-key": f'"{KEY}"'}
    assert _handle(event)[0] == 200
    assert len(_results(bucket)) == 1


@pytest.mark.parametrize(
    "other",
    [
        _event(None),
        _event("another"),
        _event(camera="yard"),
        _event(apiKeyId="k2"),
        _event(apiKeyId="", caller="AROA2:s"),
    ],
    ids=["none", "key", "camera", "API key", "role"],
)
def test_other_requests_are_stored(bucket: Any, endpoint: FakeEndpoint, other: dict[str, Any]) -> None:
    _handle(_event(apiKeyId="k1"))
    assert _handle(other)[0] == 200
    assert len(_results(bucket)) == 2


def test_a_role_is_the_same_caller_in_each_of_its_sessions(bucket: Any, endpoint: FakeEndpoint) -> None:
    for session in ("one", "two"):
        assert _handle(_event(caller=f"AROAEXAMPLE:{session}"))[0] == 200
    assert len(_results(bucket)) == 1


def test_the_constant_request_id_of_older_clients_is_no_key(bucket: Any, endpoint: FakeEndpoint) -> None:
    for _ in range(2):
        event = older_client_event(JPEG)
        event["requestContext"]["requestId"] = str(uuid.uuid4())
        assert _handle(event)[0] == 200
    assert len(_results(bucket)) == 2
    assert _claims(bucket) == []


def test_a_key_with_another_frame_or_other_options_is_refused(bucket: Any, endpoint: FakeEndpoint) -> None:
    _handle(_event())
    optional = _event()
    optional["queryStringParameters"] = {"max_results": "1"}
    for event in (_event(frame=JPEG + b"."), optional):
        status, answer, _ = _handle(event)
        assert (status, answer["error"]["code"]) == (422, "IdempotencyKeyReused")
    assert len(_results(bucket)) == 1


@pytest.mark.parametrize("other", [{"content_type": "text/csv"}, {"Accept": "text/csv"}])
def test_a_key_with_another_type_is_refused_where_a_program_knows_types(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    monkeypatch.setenv("APPLICATION_TYPE", "custom")
    sent = {"content_type": "text/plain", "Accept": "application/json", "Idempotency_Key": KEY}
    for words, expected in ((sent, 200), (sent, 200), (sent | other, 422)):
        event = proxy_event("1,2", **words)
        event["requestContext"] |= {"requestId": str(uuid.uuid4()), "identity": {}}
        assert _handle(event)[0] == expected


def test_a_repeat_of_a_request_under_way_is_refused_for_now(bucket: Any, endpoint: FakeEndpoint) -> None:
    repeats = []

    def once() -> None:
        endpoint.computes = lambda: None
        repeats.append(_handle(_event()))

    endpoint.computes = once
    assert _handle(_event())[0] == 200
    ((status, answer, headers),) = repeats
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (409, "RequestInProgress", "1")
    assert _handle(_event())[0] == 200
    assert len(_results(bucket)) == 1


def test_a_request_that_ended_without_an_event_is_taken_over(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    _handle(_event())
    for key in _results(bucket):
        bucket.Object(key).delete()
    assert _handle(_event())[0] == 409  # it may still run
    monkeypatch.setattr(idempotency, "ABANDONED_SECONDS", -1)
    assert _handle(_event())[0] == 200
    assert len(_results(bucket)) == 1
    assert "X-Original-Request-Id" in _handle(_event())[2]


def test_of_two_that_take_over_one_goes_on(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = EventStore(boto3.client("s3"), "event-store").claims
    monkeypatch.setattr(idempotency, "ABANDONED_SECONDS", -1)

    def wanted(request_id: str) -> idempotency.Claimed:
        return idempotency.Claimed("idempotency/a", idempotency.Claim(request_id, "events/none/", "same"))

    assert claims.make(wanted("first")) is None
    assert claims.make(wanted("first")) is None  # boto3's own repeat
    second, third = claims.make(wanted("second")), claims.make(wanted("third"))
    assert second is not None
    assert third is not None
    claims.take_over(second)
    with pytest.raises(RequestInProgressError):
        claims.take_over(third)


def test_a_request_that_failed_may_be_repeated(bucket: Any, endpoint: FakeEndpoint) -> None:
    endpoint.failure = EndpointUnavailableError("not now")
    assert _handle(_event())[0] == 503
    assert _claims(bucket) == []
    endpoint.failure = None
    assert _handle(_event())[2]["X-Event-Stored"] == "true"


def test_an_event_that_was_lost_may_be_repeated(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(EventStore, "begin", _fails)
        assert _handle(_event())[2]["X-Event-Stored"] == "false"
    assert _handle(_event())[2]["X-Event-Stored"] == "true"
    assert len(_results(bucket)) == 1


def test_without_a_claim_a_request_is_answered_and_not_stored(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeat may have been stored: a doubled event would be worse than one that the answer calls lost."""
    with monkeypatch.context() as broken:
        broken.setattr(idempotency.Claims, "make", _fails)
        status, _, headers = _handle(_event())
    assert (status, headers["X-Event-Stored"]) == (200, "false")
    assert list(bucket.objects.all()) == []
    assert _handle(_event())[2]["X-Event-Stored"] == "true"


def test_a_key_means_nothing_where_no_event_is_kept(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAVE_REQUEST_EVENTS", "No")
    for _ in range(2):
        status, _, headers = _handle(_event())
        assert status == 200
        assert "X-Event-Stored" not in headers
    assert list(bucket.objects.all()) == []
    assert _handle(_event(""))[0] == 400


def test_an_answer_that_is_no_json(bucket: Any, endpoint: FakeEndpoint) -> None:
    endpoint.answer = Inference(b"\x93NUMPY", "application/x-npy")
    first, again = (module.handler(_event(), CONTEXT) for _ in range(2))
    assert again["body"] == first["body"] == base64.b64encode(b"\x93NUMPY").decode()
    assert again["multiValueHeaders"]["Content-Type"] == ["application/x-npy"]


@pytest.mark.parametrize(
    "answer",
    [
        Inference(b'{"a": 1}', status=201, headers={"X-Model": "7"}),
        Inference(b'{"a": 1}', "application/geo+json; x=y"),
        Inference('{"a": "门"}'.encode("gbk"), "application/json; charset=gbk"),
        Inference(b"1,2", "text/csv", status=202, headers={"X-Model": "7"}),
        Inference(b'{"a": ', status=201),
    ],
)
def test_a_repeat_has_status_headers_and_type_of_the_first_answer(
    bucket: Any, endpoint: FakeEndpoint, answer: Inference
) -> None:
    endpoint.answer = answer
    first, again = (module.handler(_event(), CONTEXT) for _ in range(2))
    assert again["statusCode"] == first["statusCode"] == answer.status
    for told in (first, again):
        for name in ("X-Request-Id", "X-Original-Request-Id"):
            told["multiValueHeaders"].pop(name, None)
    if answer.body == b'{"a": ':  # it is stored as the text that it is
        assert again["multiValueHeaders"].pop("Content-Type") == ["text/plain; charset=utf-8"]
        first["multiValueHeaders"].pop("Content-Type")
    assert again["multiValueHeaders"] == first["multiValueHeaders"]
    if answer.body.endswith(b"}"):
        assert json.loads(again["body"]) == json.loads(first["body"])
    else:
        assert again["body"] == first["body"]


def test_a_repeat_of_a_pending_request_is_pending(
    bucket: Any, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AsyncEndpoint:
        noted: Pending
        answer: Inference | None = None

        def infer(self, _: InferenceRequest, request_id: str, *, leave_open: Callable[[], Any]) -> Pending:
            self.noted = Pending(request_id, "output", "failure", leave_open())
            return self.noted

        def pending(self, request_id: str) -> Pending | None:
            return self.noted if request_id == self.noted.request_id else None

        def outcome(self, pending: Pending) -> Inference | None:
            assert pending is self.noted
            return self.answer

    monkeypatch.setenv("ENDPOINT_TYPE", "async")
    queued = AsyncEndpoint()
    monkeypatch.setattr(resources, "async_endpoint", lambda: queued)
    status, answer, first = _handle(_event())
    assert status == 202
    again = _handle(_event())
    assert again[:2] == (202, answer)
    assert again[2]["Location"] == first["Location"]
    assert again[2]["X-Original-Request-Id"] == first["X-Request-Id"]
    queued.answer = Inference(RESULT)
    for _ in range(2):  # from the endpoint, then from the event
        status, answer, headers = _handle(_event())
        assert (status, answer, headers["X-Event-Stored"]) == (200, json.loads(RESULT), "true")
        assert headers["X-Original-Request-Id"] == first["X-Request-Id"]
    assert len(_results(bucket)) == 1


@pytest.mark.parametrize(
    ("header", "key"),
    [("a", "a"), ('"a b"', "a b"), (r'"a\"\\"', 'a"\\'), ("x" * 255, "x" * 255), (None, None)],
)
def test_keys(header: str | None, key: str | None) -> None:
    assert idempotency.key_of(as_request(_event(header))) == key


@pytest.mark.parametrize(
    "header", ["", " ", '""', "a b", '"a', 'a"', "é", "a\nb", "x" * 256, f'"{"x" * 256}"', '"a";b=1']
)
def test_no_keys(header: str) -> None:
    with pytest.raises(InvalidRequestError, match="'Idempotency-Key' must be 1 to 255 printable ASCII characters"):
        idempotency.key_of(as_request(_event(header)))


def _fails(*_: Any, **__: Any) -> None:
    raise ClientError({"Error": {"Code": "SlowDown", "Message": "reduce your rate"}}, "PutObject")
