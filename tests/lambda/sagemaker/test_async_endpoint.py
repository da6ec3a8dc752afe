"""An asynchronous endpoint with emulated S3 and a fake runtime that each test controls."""

from __future__ import annotations

import json
import time
import types
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from inference_api import handler as module
from inference_api import resources
from inference_api.errors import ApiError, EndpointUnavailableError, ModelFailedError
from inference_api.messages import Frame, Inference, InferenceRequest, Pending
from inference_api.sagemaker import failure_notes
from inference_api.sagemaker.async_endpoint import AsyncEndpoint, prefers_async
from ipc_ai_serving import errors as serving_errors
from tests.lambda_events import proxy_event

JPEG = b"\xff\xd8\xff\xe0 a frame"
RESULT = b'{"width": 1, "height": 1, "channels": 3, "bbox_scores": [], "bbox_coords": []}'
REFUSAL = b'{"error": {"code": "InvalidImage", "message": "the JPEG is truncated", "request_id": "r"}}'
CONTEXT: Any = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:f", aws_request_id="lambda-1"
)
REQUEST = InferenceRequest(frames={"frame": Frame(JPEG)}, options={"max_results": 1}, camera_id="gate 1")


class FakeRuntime:
    """A runtime that names its output keys and calls ``computes`` at once."""

    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket
        self.calls: list[dict[str, Any]] = []
        self.computes: Callable[[], None] = lambda: None

    def invoke_endpoint_async(self, **call: Any) -> dict[str, str]:
        self.calls.append(call)
        self.computes()
        return {
            "OutputLocation": f"s3://{self._bucket.name}/async/output/a.out",
            "FailureLocation": f"s3://{self._bucket.name}/async/failure/a-error.out",
        }

    def answers(self, body: bytes = RESULT, content_type: str = "application/json") -> None:
        self._bucket.put_object(Key="async/output/a.out", Body=body, ContentType=content_type)

    def fails(self, body: bytes = REFUSAL) -> None:
        self._bucket.put_object(Key="async/failure/a-error.out", Body=body)


@pytest.fixture
def runtime(bucket: Any) -> FakeRuntime:
    return FakeRuntime(bucket)


def _endpoint(runtime: FakeRuntime, patience_seconds: float) -> AsyncEndpoint:
    return AsyncEndpoint(
        cast(Any, runtime),
        boto3.client("s3"),
        name="endpoint",
        bucket="event-store",
        patience_seconds=patience_seconds,
    )


@pytest.fixture
def endpoint(runtime: FakeRuntime) -> AsyncEndpoint:
    return _endpoint(runtime, patience_seconds=10)


def test_requests_go_through_the_bucket(endpoint: AsyncEndpoint, runtime: FakeRuntime, bucket: Any) -> None:
    runtime.computes = runtime.answers
    assert endpoint.infer(REQUEST, "request-1") == Inference(RESULT)
    (call,) = runtime.calls
    assert call == {
        "EndpointName": "endpoint",
        "InputLocation": "s3://event-store/async/input/request-1",
        "ContentType": "image/jpeg; max_results=1",
        "Accept": "application/json",
        "InferenceId": "request-1",
        "CustomAttributes": "camera_id=gate%201",
    }
    assert bucket.Object("async/input/request-1").get()["Body"].read() == JPEG


def test_an_answer_that_takes_longer_is_pending_and_collected_later(runtime: FakeRuntime) -> None:
    endpoint = _endpoint(runtime, patience_seconds=0.2)
    assert endpoint.pending("request-1") is None
    pending = endpoint.infer(REQUEST, "request-1", leave_open=lambda: {"prefix": "p"})
    assert isinstance(pending, Pending)
    assert (pending.event, endpoint.pending("request-1")) == ({"prefix": "p"}, pending)
    assert endpoint.outcome(pending) is None
    runtime.answers()
    assert endpoint.outcome(pending) == Inference(RESULT)


def test_an_answer_in_time_leaves_no_note(endpoint: AsyncEndpoint, runtime: FakeRuntime) -> None:
    runtime.computes = runtime.answers
    endpoint.infer(REQUEST, "request-1")
    assert endpoint.pending("request-1") is None


def test_an_answer_that_came_before_the_note_is_found_after_it(runtime: FakeRuntime) -> None:
    """Its notification found no note, so nothing else would complete the event."""
    endpoint = _endpoint(runtime, patience_seconds=0)
    assert endpoint.infer(REQUEST, "request-1", leave_open=lambda: runtime.answers()) == Inference(RESULT)


def test_a_client_that_prefers_not_to_wait_does_not(endpoint: AsyncEndpoint, runtime: FakeRuntime) -> None:
    request = InferenceRequest(frames=REQUEST.frames, respond_async=True)
    began = time.monotonic()
    assert isinstance(endpoint.infer(request, "request-1"), Pending)
    assert time.monotonic() - began < 5  # of a patience of 10


@pytest.mark.parametrize(
    ("written", "content_type", "expected"),
    [
        (b"1,2", "text/csv", Inference(b"1,2", "text/csv")),
        (RESULT, "binary/octet-stream", Inference(RESULT)),
        (b"\x93NUMPY", "binary/octet-stream", Inference(b"\x93NUMPY", "application/octet-stream")),
    ],
)
def test_the_answers_type_is_that_of_its_object_or_what_it_looks_like(
    endpoint: AsyncEndpoint, runtime: FakeRuntime, written: bytes, content_type: str, expected: Inference
) -> None:
    runtime.computes = lambda: runtime.answers(written, content_type)
    assert endpoint.infer(REQUEST, "request-1") == expected


@pytest.mark.parametrize(
    ("written", "kind", "status", "message"),
    [
        (REFUSAL, ApiError, 400, "the JPEG is truncated"),
        (
            b'Received client error (413) from primary with message "' + REFUSAL + b'". See the log.',
            ApiError,
            413,
            "the JPEG is truncated",
        ),
        (b'{"error": {"code": "Overloaded", "message": "busy"}}', EndpointUnavailableError, 503, "busy"),
        (b'{"error": {"code": "Unheard"', ModelFailedError, 502, "failed"),
        (b'{"error": "text"}', ModelFailedError, 502, "failed"),
        (b"Received server error (500) from primary", ModelFailedError, 502, "failed"),
        (b"\xff\xfe", ModelFailedError, 502, "failed"),
    ],
)
def test_a_failure_is_told_in_the_apis_words(
    endpoint: AsyncEndpoint, runtime: FakeRuntime, written: bytes, kind: type[ApiError], status: int, message: str
) -> None:
    runtime.computes = lambda: runtime.fails(written)
    with pytest.raises(kind, match=message) as raised:
        endpoint.infer(REQUEST, "request-1")
    assert raised.value.status == status


def test_the_statuses_are_the_containers() -> None:
    def classes(root: type[Any]) -> Iterator[type[Any]]:
        for kind in root.__subclasses__():
            yield kind
            yield from classes(kind)

    for kind in classes(serving_errors.ServingError):
        if kind.status != 500:
            assert failure_notes.STATUSES[kind.code] == kind.status


def test_a_look_that_fails_is_not_the_last(runtime: FakeRuntime) -> None:
    class Flaky:
        """S3 whose first read fails."""

        def __init__(self) -> None:
            self._client = boto3.client("s3")
            self.failed = False

        def put_object(self, **call: Any) -> Any:
            return self._client.put_object(**call)

        def get_object(self, **call: Any) -> Any:
            if not self.failed:
                self.failed = True
                raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
            return self._client.get_object(**call)

    runtime.computes = runtime.answers
    s3 = Flaky()
    endpoint = AsyncEndpoint(cast(Any, runtime), cast(Any, s3), name="endpoint", bucket="event-store")
    assert endpoint.infer(REQUEST, "request-1") == Inference(RESULT)
    assert s3.failed


def test_a_bucket_that_is_gone_is_unavailable(endpoint: AsyncEndpoint, bucket: Any) -> None:
    bucket.delete()
    for call in (
        lambda: endpoint.infer(REQUEST, "request-1"),
        lambda: endpoint.note_failure("request-1", "no"),
        lambda: endpoint.pending("request-1"),
    ):
        with pytest.raises(EndpointUnavailableError, match="refuses the service's call") as raised:
            call()
        assert raised.value.retry_after_seconds is None


@pytest.mark.parametrize("request_id", ["", "../input/request-1", "a/b", "x" * 129, "😀"])
def test_an_id_that_is_none_is_not_looked_for(endpoint: AsyncEndpoint, request_id: str) -> None:
    assert endpoint.pending(request_id) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [("respond-async", True), ("wait=5, Respond-Async; x=1", True), ("", False), ("respond-asynchronously", False)],
)
def test_the_preference_is_read_as_rfc_7240_writes_it(header: str, expected: bool) -> None:
    assert prefers_async({"prefer": header}) is expected


@pytest.fixture
def api(
    endpoint: AsyncEndpoint, function_environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    function_environment.setenv("ENDPOINT_TYPE", "async")
    for cached in (resources.settings, resources.event_store):
        cached.cache_clear()
    monkeypatch.setattr(resources, "async_endpoint", lambda: endpoint)
    yield
    for cached in (resources.settings, resources.event_store):
        cached.cache_clear()


def _post(**headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return _handle(proxy_event(JPEG, content_type="image/jpeg", **headers))


def _get(path: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return _handle(proxy_event(None, path=path) | {"httpMethod": "GET"})


def _handle(event: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    answer = module.handler(event, CONTEXT)
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


def _events(bucket: Any) -> list[str]:
    return [item.key.rsplit("/", 1)[1] for item in bucket.objects.filter(Prefix="events/")]


def test_a_client_that_knows_nothing_of_it_gets_its_answer(api: None, runtime: FakeRuntime, bucket: Any) -> None:
    runtime.computes = runtime.answers
    status, body, headers = _post()
    assert (status, body, headers["X-Event-Stored"]) == (200, json.loads(RESULT), "true")
    assert _events(bucket) == ["frame.jpg", "result.json"]


def test_a_pending_answer_leads_to_itself(api: None, runtime: FakeRuntime, bucket: Any) -> None:
    status, body, headers = _post(Prefer="respond-async")
    assert (status, body) == (202, {"request_id": "request-1", "status": "pending"})
    assert (headers["Location"], headers["Retry-After"]) == ("/prod/inference/request-1", "5")
    assert _events(bucket) == ["frame.jpg"]
    status, body, again = _get("/inference/request-1")
    assert (status, body["status"], again["Location"]) == (202, "pending", headers["Location"])
    runtime.answers()
    for _ in range(2):
        status, body, headers = _get("/inference/request-1")
        assert (status, body, headers["X-Event-Stored"]) == (200, json.loads(RESULT), "true")
        assert _events(bucket) == ["frame.jpg", "result.json"]
    (result,) = (item for item in bucket.objects.filter(Prefix="events/") if item.key.endswith("result.json"))
    event = json.loads(result.get()["Body"].read())
    assert (event["request_id"], event["result"]) == ("request-1", json.loads(RESULT))


def test_a_client_that_does_not_wait_gets_202_though_the_answer_is_there(
    api: None, runtime: FakeRuntime, bucket: Any
) -> None:
    runtime.computes = runtime.answers
    assert _post(Prefer="respond-async")[0] == 202
    assert _events(bucket) == ["frame.jpg", "result.json"]
    assert _get("/inference/request-1")[:2] == (200, json.loads(RESULT))


def test_an_event_that_was_lost_is_marked_when_its_answer_is_fetched(
    api: None, runtime: FakeRuntime, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any, **__: Any) -> None:
        raise OSError("S3 does not take it")

    monkeypatch.setattr(resources.event_store(), "begin", lost)
    assert _post(Prefer="respond-async")[0] == 202
    runtime.answers()
    status, body, headers = _get("/inference/request-1")
    assert (status, body, headers["X-Event-Stored"]) == (200, json.loads(RESULT), "false")


def test_a_poll_is_no_request(api: None, runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    _post(Prefer="respond-async")
    capsys.readouterr()
    _get("/inference/request-1")
    (line,) = (json.loads(text) for text in capsys.readouterr().out.splitlines() if "_aws" in text)
    assert (line["Polls"], line["api_request_id"]) == (1, "request-1")
    assert "Requests" not in line


def test_a_failure_comes_in_the_one_error_shape(api: None, runtime: FakeRuntime, bucket: Any) -> None:
    runtime.computes = runtime.fails
    status, body, _ = _post()
    assert (status, body["error"]["code"], _events(bucket)) == (400, "InvalidImage", [])
    bucket.Object("async/failure/a-error.out").delete()
    runtime.computes = lambda: None
    assert _post(Prefer="respond-async")[0] == 202
    runtime.fails()
    for _ in range(2):
        status, body, _ = _get("/inference/request-1")
        assert (status, body["error"]["code"]) == (400, "InvalidImage")
        assert _events(bucket) == ["error.json", "frame.jpg"]


def test_an_id_that_never_was(api: None) -> None:
    status, body, _ = _get("/inference/another")
    assert (status, body["error"]["code"]) == (404, "NotFound")


def test_an_endpoint_that_answers_at_once_has_nothing_to_fetch(
    bucket: Any, function_environment: pytest.MonkeyPatch
) -> None:
    resources.settings.cache_clear()
    status, body, _ = _get("/inference/request-1")
    resources.settings.cache_clear()
    assert (status, body["error"]["code"]) == (404, "NotFound")
    assert "answers at once" in body["error"]["message"]
