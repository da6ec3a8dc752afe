"""SageMaker's notifications, before and after a client fetches, with emulated S3."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest

from camera_registry.profiles import Profile
from inference_api import completion, resources
from inference_api import handler as api_module
from inference_api.identity.caller import Caller
from inference_api.sagemaker.async_endpoint import AsyncEndpoint
from tests.lambda_events import proxy_event

JPEG = b"\xff\xd8\xff\xe0 a frame"
RESULT = {"width": 1}
REFUSAL = {"error": {"code": "InvalidImage", "message": "the JPEG is truncated", "request_id": "r"}}
CONTEXT: Any = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:f", aws_request_id="lambda-1"
)


class Service:
    """The API's function and the function of notifications over one bucket, with a queue that a test empties."""

    def __init__(self, bucket: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.bucket = bucket
        self._capsys = capsys
        self.computes: Callable[[], object] = lambda: None

    def invoke_endpoint_async(self, **_: Any) -> dict[str, str]:
        self.computes()
        return {
            "OutputLocation": f"s3://{self.bucket.name}/async/output/a.out",
            "FailureLocation": f"s3://{self.bucket.name}/async/failure/a-error.out",
        }

    def ask(self, request_id: str = "request-1", **headers: str) -> int:
        """Send a frame without waiting for the answer."""
        event = proxy_event(JPEG, content_type="image/jpeg", Prefer="respond-async", **headers)
        event["requestContext"]["requestId"] = request_id
        return int(api_module.handler(event, CONTEXT)["statusCode"])

    def fetch(self) -> tuple[int, dict[str, Any]]:
        answer = api_module.handler(proxy_event(None, path="/inference/request-1") | {"httpMethod": "GET"}, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def answers(self) -> None:
        body = json.dumps(RESULT).encode()
        self.bucket.put_object(Key="async/output/a.out", Body=body, ContentType="application/json")

    def fails(self, document: dict[str, Any]) -> None:
        self.bucket.put_object(Key="async/failure/a-error.out", Body=json.dumps(document).encode())

    def notify(self, status: str = "Completed", request_id: str = "request-1", **more: str) -> dict[str, Any]:
        """Deliver a notification, and return the metrics written."""
        self._capsys.readouterr()
        message = {
            "awsRegion": "us-east-1",
            "eventTime": "2026-03-04T23:59:00.000Z",
            "receivedTime": "2026-03-04T23:58:59.000Z",
            "invocationStatus": status,
            "requestParameters": {"endpointName": "endpoint", "inputLocation": "s3://event-store/async/input/1"},
            "responseParameters": {"outputLocation": "s3://event-store/async/output/a.out"},
            "inferenceId": request_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
            **more,
        }
        return self.deliver(json.dumps(message))

    def deliver(self, message: str) -> dict[str, Any]:
        completion.handler({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message}}]}, CONTEXT)
        lines = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
        *_, metrics = (line for line in lines if "_aws" in line)
        return dict(metrics)

    def event(self) -> dict[str, dict[str, Any]]:
        """The JSON objects of the event by their names."""
        keys = [item.key for item in self.bucket.objects.filter(Prefix="events/")]
        return {
            key.rsplit("/", 1)[1]: json.loads(self.bucket.Object(key).get()["Body"].read())
            for key in keys
            if key.endswith(".json")
        }

    def mark(self, name: str) -> None:
        """Replace an object of the event, so that a second writing of it would show."""
        (item,) = (item for item in self.bucket.objects.filter(Prefix="events/") if item.key.endswith(name))
        self.bucket.put_object(Key=item.key, Body=b'{"marked": true}')


@pytest.fixture
def service(
    bucket: Any,
    function_environment: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Service]:
    function_environment.setenv("ENDPOINT_TYPE", "async")
    for cached in (resources.settings, resources.event_store, resources.origin):
        cached.cache_clear()
    service = Service(bucket, capsys)
    endpoint = AsyncEndpoint(cast(Any, service), boto3.client("s3"), name="endpoint", bucket="event-store")
    monkeypatch.setattr(resources, "async_endpoint", lambda: endpoint)
    yield service
    for cached in (resources.settings, resources.event_store, resources.origin):
        cached.cache_clear()


def test_an_event_is_whole_without_a_client_that_fetches(service: Service) -> None:
    assert service.ask() == 202
    assert service.event() == {}
    service.answers()
    assert "AsyncFailures" not in service.notify()
    assert service.event()["result.json"]["result"] == RESULT
    assert service.fetch() == (200, RESULT)


@pytest.mark.parametrize("notified_first", [True, False])
def test_the_first_to_come_completes_the_event_and_the_second_leaves_it(service: Service, notified_first: bool) -> None:
    service.ask()
    service.answers()
    first, second = (service.notify, service.fetch) if notified_first else (service.fetch, service.notify)
    first()
    assert service.event()["result.json"]["result"] == RESULT
    service.mark("result.json")
    second()
    service.notify()
    assert service.event() == {"result.json": {"marked": True}}


@pytest.mark.parametrize(
    ("status", "code", "metric"),
    [("InvalidImage", "InvalidImage", "AsyncRefusals"), ("ModelFailed", "ModelFailed", "AsyncFailures")],
)
def test_an_event_gets_its_failure(service: Service, status: str, code: str, metric: str) -> None:
    service.ask()
    service.fails({"error": {"code": status, "message": "the JPEG is truncated"}})
    assert service.notify("Failed", failureReason="ClientError")[metric] == [1]
    (failed,) = service.event().values()
    assert (failed["request_id"], failed["error"]["code"]) == ("request-1", code)
    assert list(failed["frames"]) == ["frame"]
    assert service.fetch()[1]["error"]["code"] == code
    assert list(service.event()) == ["error.json"]


def test_a_failure_of_which_the_container_knows_nothing_reaches_the_client(service: Service) -> None:
    service.ask()
    metrics = service.notify("Failed", failureReason="the request timed out")
    assert metrics["AsyncFailures"] == [1]
    assert service.event()["error.json"]["error"]["status"] == 502
    status, body = service.fetch()
    assert (status, body["error"]["code"]) == (502, "ModelFailed")


def _refused_early(service: Service) -> None:
    service.notify("Failed", failureReason="Unable to download the input")


def test_a_failure_told_before_the_note_reaches_the_client_and_the_event(service: Service) -> None:
    service.computes = lambda: _refused_early(service)
    assert service.ask() == 502
    status, body = service.fetch()
    assert (status, body["error"]["code"]) == (502, "ModelFailed")
    assert service.event()["error.json"]["error"]["code"] == "ModelFailed"


def test_a_failure_told_while_the_note_is_written_reaches_both(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = resources.async_endpoint()
    note_failure = endpoint.note_failure

    def asked_meanwhile(request_id: str, reason: str) -> None:
        """Let the function write its note and look for the last time just before the reason is there."""
        assert service.ask(request_id) == 202
        note_failure(request_id, reason)

    monkeypatch.setattr(endpoint, "note_failure", asked_meanwhile)
    _refused_early(service)
    assert service.event()["error.json"]["error"]["code"] == "ModelFailed"
    assert service.fetch()[0] == 502


def test_the_containers_own_failure_goes_before_sagemakers_reason(service: Service) -> None:
    def fails() -> None:
        service.fails(REFUSAL)
        _refused_early(service)

    service.computes = fails
    assert service.ask() == 400
    assert service.fetch()[1]["error"]["code"] == "InvalidImage"
    assert service.event()["error.json"]["error"]["code"] == "InvalidImage"


def test_a_failure_after_the_answer_changes_nothing(service: Service) -> None:
    service.ask()
    service.answers()
    service.notify()
    assert "AsyncFailures" not in service.notify("Failed", failureReason="late")
    assert list(service.event()) == ["result.json"]
    assert service.fetch() == (200, RESULT)


def test_an_answer_without_room_in_a_clients_is_the_event(service: Service) -> None:
    large = b"\0" * 5_000_000
    service.computes = lambda: service.bucket.put_object(
        Key="async/output/a.out", Body=large, ContentType="application/x-npy"
    )
    assert service.ask() == 502
    service.notify()
    assert service.fetch()[1]["error"]["code"] == "AnswerTooLarge"
    assert list(service.event()) == ["result.json"]


def test_a_failure_in_sagemakers_sentence_is_the_containers(service: Service) -> None:
    service.ask()
    reason = f'Received client error (400) from primary with message "{json.dumps(REFUSAL)}". See the log.'
    assert service.notify("Failed", failureReason=reason)["AsyncRefusals"] == [1]
    assert service.event()["error.json"]["error"] == {
        "status": 400,
        "code": "InvalidImage",
        "message": "the JPEG is truncated",
    }


def test_a_request_that_was_answered_at_once_needs_nothing(service: Service) -> None:
    service.answers()
    service.notify()
    assert service.event() == {}
    assert service.notify("Failed", failureReason="(500)")["AsyncFailures"] == [1]


def test_events_that_are_not_kept_stay_so(service: Service, function_environment: pytest.MonkeyPatch) -> None:
    function_environment.setenv("SAVE_REQUEST_EVENTS", "No")
    resources.settings.cache_clear()
    service.ask()
    service.answers()
    service.notify()
    service.fails(REFUSAL)
    service.notify("Failed")
    assert service.event() == {}


@pytest.mark.parametrize(
    "message",
    ["", "hello", "[]", "{}", '{"inferenceId": "../x", "invocationStatus": "Completed"}', '{"inferenceId": 1}'],
)
def test_a_message_of_someone_else_is_left(service: Service, message: str) -> None:
    assert set(service.deliver(message)) & {"AsyncFailures", "AsyncRefusals"} == set()


def test_an_answer_that_cannot_be_read_now_is_tried_again_by_lambda(service: Service) -> None:
    service.ask()
    with pytest.raises(LookupError, match=r"async/output/a\.out"):
        service.notify()


BOXES = {
    "width": 9,
    "height": 9,
    "channels": 3,
    "bbox_scores": [[0.9], [0.2]],
    "bbox_coords": [[1, 1, 3, 3], [5, 5, 8, 8]],
    "bbox_labels": ["face", "face"],
}


def _known(monkeypatch: pytest.MonkeyPatch, **profile: Any) -> None:
    scopes = frozenset({"frames", "read"})
    caller = Caller(camera_id="gate-1", scopes=scopes, profile=Profile(**profile), is_known=True)
    monkeypatch.setattr(api_module, "identify", lambda _: caller)


@pytest.mark.parametrize("notified_first", [True, False])
def test_a_later_answer_is_judged_by_the_profile_of_its_frame(
    service: Service, notified_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _known(monkeypatch, min_confidence=0.5)
    service.ask()
    _known(monkeypatch)  # as an integrator who fetches, or a camera whose profile changed since
    service.bucket.put_object(Key="async/output/a.out", Body=json.dumps(BOXES).encode(), ContentType="application/json")
    if notified_first:
        service.notify()
    assert service.fetch()[1]["bbox_scores"] == [[0.9]]
    assert service.event()["result.json"]["result"]["bbox_scores"] == [[0.9]]


@pytest.mark.parametrize("notified", [True, False])
def test_a_later_answer_without_a_box_is_not_kept_where_detections_alone_are(
    service: Service, notified: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _known(monkeypatch, keep="detections", min_confidence=0.95)
    service.ask()
    assert [item.key for item in service.bucket.objects.filter(Prefix="events/")] != []
    service.bucket.put_object(Key="async/output/a.out", Body=json.dumps(BOXES).encode(), ContentType="application/json")
    if notified:
        service.notify()
    else:
        assert service.fetch()[0] == 200
    assert [item.key for item in service.bucket.objects.filter(Prefix="events/")] == []
