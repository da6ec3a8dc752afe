"""The function for files with whole batches, a fake endpoint, and emulated S3 that notifies SQS."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest

from inference_api import ingest as module
from inference_api.errors import EndpointTimeoutError, EndpointUnavailableError, ModelFailedError, RefusedByModelError
from inference_api.events.event_store import EventStore
from inference_api.messages import Inference, InferenceRequest
from inference_api.sagemaker.limits import largest
from inference_api.uploads.incoming_files import IncomingFiles
from inference_api.uploads.notifications import UploadedFile
from tests.fake_s3 import FakeS3

JPEG = b"\xff\xd8\xff\xe0 a frame"
RESULT = b'{"width": 1}'
CONTEXT = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:f", aws_request_id="lambda-1"
)
KEY = "incoming/camera=7/2026/a.jpg"
CACHES = (module.settings, module.event_store, module.incoming_files, module.queues)


class FakeEndpoint:
    """An endpoint that calls ``computes``, then answers or fails, and keeps its requests."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.requests: list[InferenceRequest] = []
        self.computes: Callable[[], object] = lambda: None

    def infer(self, request: InferenceRequest, request_id: str) -> Inference:
        self.computes()
        if self.failure is not None:
            raise self.failure
        self.requests.append(request)
        return Inference(RESULT)


class Front:
    """The bucket, the queue that its uploads reach, and the function behind it."""

    def __init__(self, bucket: Any, environment: pytest.MonkeyPatch) -> None:
        self.bucket = bucket
        self.endpoint = FakeEndpoint()
        self._sqs: Any = boto3.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="queue")["QueueUrl"]
        self._dead_letters = self._sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        told = {"QueueArn": attributes["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
        boto3.client("s3").put_bucket_notification_configuration(
            Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": [cast(Any, told)]}
        )
        self._messages()  # S3's test event
        environment.setenv("DEAD_LETTER_QUEUE_URL", self._dead_letters)

    def upload(self, key: str = KEY, body: bytes = JPEG, content_type: str = "image/jpeg") -> dict[str, Any]:
        """Upload a file, and return its message."""
        self.bucket.put_object(Key=key, Body=body, ContentType=content_type)
        (message,) = [message for message in self._messages() if "Records" in message["body"]]
        return message

    def handle(self, *messages: dict[str, Any]) -> list[str]:
        """Handle messages, and return the ids of those that SQS is to deliver again."""
        answer = module.handler({"Records": list(messages)}, cast(Any, CONTEXT))
        return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def dead_letters(self) -> list[tuple[str, str, str]]:
        """Code, reason and body of each dead letter."""
        answer = self._sqs.receive_message(
            QueueUrl=self._dead_letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            (
                message["MessageAttributes"]["Code"]["StringValue"],
                message["MessageAttributes"]["Reason"]["StringValue"],
                message["Body"],
            )
            for message in answer.get("Messages", [])
        ]

    def keys(self) -> list[str]:
        """All keys, without the day, which is today, and without the event's id."""
        return [
            re.sub(r"dt=\d{4}-\d\d-\d\d/(.*)/[0-9a-f-]{36}/", r"\1/", item.key) for item in self.bucket.objects.all()
        ]

    def _messages(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [sqs_record(message["Body"], message["MessageId"]) for message in answer.get("Messages", [])]


def sqs_record(body: str, identity: str = "message-1") -> dict[str, Any]:
    """A message in the form of Lambda's event."""
    return {
        "messageId": identity,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
        "awsRegion": "us-east-1",
    }


@pytest.fixture
def front(bucket: Any, function_environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    for cached in CACHES:
        cached.cache_clear()
    front = Front(bucket, function_environment)
    monkeypatch.setattr(module, "endpoint", lambda: front.endpoint)
    yield front
    for cached in CACHES:
        cached.cache_clear()


EVENT = ["events/camera=7/frame.jpg", "events/camera=7/result.json"]


def test_a_file_becomes_an_event_and_is_deleted(front: Front) -> None:
    assert front.handle(front.upload()) == []
    assert front.keys() == EVENT
    frame, result = front.bucket.objects.all()
    assert frame.get()["Body"].read() == JPEG
    event = json.loads(result.get()["Body"].read())
    assert (event["camera_id"], event["client_request_id"], event["result"]) == ("7", KEY, {"width": 1})
    assert result.key == f"events/dt={event['received'][:10]}/camera=7/{event['request_id']}/result.json"
    assert front.dead_letters() == []


@pytest.mark.parametrize(
    ("camera_id", "part"),
    [
        ("gate-1", "gate-1"),
        ("gate 1+2", "gate_1_2-8d0a4ebc42c6"),
        ("..", "_-5ec1f7e700f3"),
        ("📷", "_-6a8fe57e59ba"),
        ("前门", "_-6add346bbbef"),
        ("x" * 900, "x" * 51 + "-85e62acd750c"),
        ("a=b", "a_b-42144f3939c3"),
    ],
)
def test_no_cameras_name_leaves_its_folder(front: Front, camera_id: str, part: str) -> None:
    assert front.handle(front.upload(f"incoming/camera={camera_id}/a b+c.jpg")) == []
    assert front.keys() == [f"events/camera={part}/frame.jpg", f"events/camera={part}/result.json"]


@pytest.mark.parametrize(
    ("body", "name"), [(b"\x89PNG\r\n\x1a\n", "frame.png"), (b"RIFF", "frame.webp"), (b"BM", "frame.bmp")]
)
def test_the_bytes_tell_the_extension(front: Front, body: bytes, name: str) -> None:
    assert front.handle(front.upload("incoming/camera=7/a.jpg", body)) == []
    assert front.keys()[0] == f"events/camera=7/{name}"


def test_a_notification_that_comes_twice_makes_one_event(front: Front) -> None:
    message = front.upload()
    assert front.handle(message, message) == []
    assert front.keys() == EVENT
    assert len(front.endpoint.requests) == 1


def test_a_file_overwritten_before_it_is_read_is_left_to_the_newer_notification(front: Front) -> None:
    older, newer = front.upload(body=JPEG + b"1"), front.upload(body=JPEG + b"2")
    assert front.handle(older) == []
    assert front.keys() == [KEY]
    assert front.handle(newer) == []
    assert [request.frames["frame"].body for request in front.endpoint.requests] == [JPEG + b"2"]
    assert front.keys() == EVENT


def test_a_file_overwritten_while_the_endpoint_computes_is_not_deleted(front: Front) -> None:
    newer: list[dict[str, Any]] = []
    older = front.upload(body=JPEG + b"1")
    front.endpoint.computes = lambda: newer.append(front.upload(body=JPEG + b"2"))
    assert front.handle(older) == []
    assert front.keys() == [*EVENT, KEY]
    front.endpoint.computes = lambda: None
    assert front.handle(*newer) == []
    assert front.keys() == [*EVENT, *EVENT]


@pytest.mark.parametrize(
    ("key", "body", "failure", "code", "reason"),
    [
        ("incoming/a.jpg", JPEG, None, "InvalidRequest", "upload it as incoming/camera=ID/NAME"),
        (KEY, b"<html>", None, "InvalidImage", "the file is no JPEG, PNG, WebP or BMP"),
        (KEY, b"", None, "InvalidImage", "the file is no JPEG, PNG, WebP or BMP"),
        (KEY, JPEG + bytes(largest("real-time")), None, "PayloadTooLarge", "send a smaller frame"),
        (KEY, JPEG, RefusedByModelError(400, "InvalidImage", "the JPEG\x00is truncated"), "InvalidImage", "JPEG is tr"),
    ],
)
def test_messages_that_retrying_cannot_fix_are_dead_lettered_with_the_reason(
    front: Front, key: str, body: bytes, failure: Exception | None, code: str, reason: str
) -> None:
    front.endpoint.failure = failure
    message = front.upload(key, body)
    assert front.handle(message) == []
    ((said_code, said_reason, letter),) = front.dead_letters()
    assert said_code == code
    assert reason in said_reason
    assert front.keys() == [key]
    # A dead letter is a notification again, so that it can be replayed.
    assert json.loads(letter) == json.loads(message["body"])


def test_a_message_that_is_no_notification_is_kept_too(front: Front) -> None:
    assert front.handle(sqs_record("hello")) == []
    assert [(code, body) for code, _, body in front.dead_letters()] == [("InvalidRequest", "hello")]


def test_s3s_own_question_is_done(front: Front) -> None:
    assert front.handle(sqs_record('{"Event": "s3:TestEvent"}')) == []
    assert front.dead_letters() == []


@pytest.mark.parametrize(
    "failure",
    [
        EndpointUnavailableError("overloaded"),
        EndpointTimeoutError("late"),
        ModelFailedError("failed"),
        RuntimeError("a fault of ours"),
    ],
)
def test_messages_that_may_succeed_later_are_delivered_again(front: Front, failure: Exception) -> None:
    front.endpoint.failure = failure
    message = front.upload()
    assert front.handle(message) == [message["messageId"]]
    assert (front.keys(), front.dead_letters()) == ([KEY], [])
    front.endpoint.failure = None
    assert front.handle(message) == []
    assert front.keys() == EVENT


def test_one_message_of_a_batch_holds_up_no_other(front: Front) -> None:
    bad, good = front.upload("incoming/camera=7/b.jpg", b"?"), front.upload()
    later = front.upload("incoming/camera=8/c.jpg")
    failures = iter([None, EndpointUnavailableError("overloaded")])

    def fail_at_last() -> None:
        front.endpoint.failure = next(failures)

    front.endpoint.computes = fail_at_last
    assert front.handle(bad, good, later) == [later["messageId"]]
    assert front.keys() == [*EVENT, "incoming/camera=7/b.jpg", "incoming/camera=8/c.jpg"]
    assert len(front.dead_letters()) == 1


def test_the_file_stays_until_its_event_is_whole(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EventStore(cast(Any, FakeS3(failing=("result.json",))), "event-store")
    message = front.upload()
    with monkeypatch.context() as patched:
        patched.setattr(module, "event_store", lambda: store)
        assert front.handle(message) == [message["messageId"]]
    assert front.keys() == [KEY]
    assert front.handle(message) == []
    assert front.keys() == EVENT


def test_a_repeat_after_a_failed_deletion_writes_the_same_event(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    class _Undeletable(IncomingFiles):
        def delete(self, file: UploadedFile) -> None:
            raise ConnectionError("cannot delete")

    message = front.upload()
    with monkeypatch.context() as patched:
        patched.setattr(module, "incoming_files", lambda: _Undeletable(boto3.client("s3"), "event-store"))
        assert front.handle(message) == [message["messageId"]]
    assert front.keys() == [*EVENT, KEY]
    assert front.handle(message) == []
    assert front.keys() == EVENT


def _gone(capsys: pytest.CaptureFixture[str]) -> list[int]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [len(line.get("FilesGone", [])) for line in lines if "_aws" in line]


def test_a_file_that_went_without_an_event_is_counted(front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    message = front.upload()
    front.bucket.Object(KEY).delete()
    assert front.handle(message) == []  # nothing brings it back
    assert (_gone(capsys), front.dead_letters()) == ([1], [])


def test_a_file_that_is_an_event_already_is_not(front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    message = front.upload()
    front.handle(message)
    front.handle(message)
    assert _gone(capsys) == [0, 0]


def test_a_file_that_a_newer_one_replaced_is_not(front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    older, newer = front.upload(body=JPEG + b"1"), front.upload(body=JPEG + b"2")
    front.handle(older)
    front.handle(newer)
    front.handle(older)  # gone by now, as the newer file is an event
    assert _gone(capsys) == [0, 0, 1]


def test_a_custom_application_gets_the_file_as_its_uploader_named_it(
    front: Front, function_environment: pytest.MonkeyPatch
) -> None:
    function_environment.setenv("APPLICATION_TYPE", "custom")
    module.settings.cache_clear()
    assert front.handle(front.upload("incoming/camera=7/a.csv", b"1,2", "text/csv")) == []
    (request,) = front.endpoint.requests
    frame = request.frames["frame"]
    assert (frame.body, frame.content_type, request.accept) == (b"1,2", "text/csv", "*/*")
    assert front.keys() == ["events/camera=7/frame.csv", "events/camera=7/result.json"]


def test_a_serverless_endpoint_takes_smaller_files(front: Front, function_environment: pytest.MonkeyPatch) -> None:
    function_environment.setenv("ENDPOINT_TYPE", "serverless")
    module.settings.cache_clear()
    assert front.handle(front.upload(body=JPEG + bytes(largest("serverless")))) == []
    ((code, reason, _),) = front.dead_letters()
    assert (code, "takes at most 4194304" in reason) == ("PayloadTooLarge", True)
