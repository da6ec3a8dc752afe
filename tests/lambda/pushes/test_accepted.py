"""Pushes that are answered once their frames are safe, and the function that completes them.

A fake that stops at its n-th call stands for a process that is killed there: SQS delivers the message again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest

from inference_api import ingest, resources
from inference_api.errors import EndpointUnavailableError, InvalidRequestError, RefusedByModelError
from inference_api.events.event_store import EventStore
from inference_api.messages import Inference
from inference_api.pushes import accepted
from inference_api.pushes.completing import StoredFrames
from inference_api.sagemaker.payloads import payload
from tests.fake_endpoint import CONTEXT, RESULT, FakeEndpoint
from tests.fake_s3 import FakeS3
from tests.jpegs import jpeg
from tests.lambda_events import multipart_event, proxy_event
from tests.push_front import Front

ONE, TWO = jpeg(b"the scene, the larger one"), jpeg(b"a face")
PUSH = proxy_event(ONE, content_type="image/jpeg", path="/push/gate-1")
BOXES = {"width": 9, "height": 9, "bbox_scores": [[0.9], [0.2]], "bbox_coords": [[1, 1, 3, 3], [5, 5, 8, 8]]}
CACHES = (ingest.settings, ingest.event_store, ingest.stored_frames, ingest.queues)


class Queue:
    """The queue of accepted pushes and the dead letters, and the function behind them."""

    def __init__(self, front: Front) -> None:
        self._sqs: Any = boto3.client("sqs")
        self.url: str = self._sqs.create_queue(QueueName="pushes")["QueueUrl"]
        self.letters: str = self._sqs.create_queue(QueueName="letters")["QueueUrl"]
        self.endpoint = FakeEndpoint()
        front.set(PUSH_ANSWER="accepted", PUSH_QUEUE_URL=self.url, DEAD_LETTER_QUEUE_URL=self.letters)

    def messages(self) -> list[str]:
        """The bodies in the queue."""
        return self._bodies(self.url)

    def dead_letters(self) -> list[str]:
        """The bodies that were given up."""
        return self._bodies(self.letters)

    def handle(self, message: str) -> bool:
        """Handle a message; false where SQS is to deliver it again."""
        record = {
            "messageId": "1",
            "receiptHandle": "handle",
            "body": message,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
            "awsRegion": "us-east-1",
        }
        return not ingest.handler({"Records": [record]}, CONTEXT)["batchItemFailures"]

    def _bodies(self, url: str) -> list[str]:
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in answer.get("Messages", [])]


@pytest.fixture
def queue(front: Front, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    for cached in (*CACHES, resources.push_queue):
        cached.cache_clear()
    queue = Queue(front)
    monkeypatch.setattr(ingest, "endpoint", lambda: queue.endpoint)
    yield queue
    for cached in (*CACHES, resources.push_queue):
        cached.cache_clear()


def test_the_answer_comes_before_the_endpoint_sees_the_frame(front: Front, queue: Queue) -> None:
    status, body, headers = front.send(PUSH)
    assert (status, body, "X-Event-Stored" in headers) == (200, "", False)
    assert (front.keys(), front.endpoint.requests) == (["frame.jpg"], [])
    (message,) = queue.messages()
    assert queue.handle(message)
    (asked,) = queue.endpoint.requests
    assert (asked.frames["frame"].body, asked.camera_id) == (ONE, "gate-1")
    event = front.event()
    assert (event["request_id"], event["camera_id"], event["result"]) == ("request-1", "gate-1", json.loads(RESULT))
    assert (event["push"]["vendor"], front.keys()) == ("generic", ["frame.jpg", "result.json"])
    assert queue.dead_letters() == []


def test_the_event_is_that_of_an_answer_with_the_result(front: Front, queue: Queue) -> None:
    event = multipart_event(("faceImage", TWO), ("detectionPicture.jpg", ONE), path="/push")
    front.send(event)
    (message,) = queue.messages()
    queue.handle(message)
    later = front.event()
    front.set(PUSH_ANSWER="result", PUSH_QUEUE_URL="")
    front.send(event)
    assert {**later, "received": ""} == {**front.event(), "received": ""}
    assert [payload(asked) for asked in queue.endpoint.requests] == [
        payload(asked) for asked in front.endpoint.requests
    ]


def test_the_vendors_own_words_are_the_answer(front: Front, queue: Queue) -> None:
    event = proxy_event(b'{"DeviceID": "7"}', path="/push/NotificationInfo/KeepAlive")
    assert json.loads(front.send(event)[1])["Result"] is True
    assert queue.messages() == []


def test_a_queue_that_does_not_take_it_is_told_and_no_frame_is_left(front: Front, queue: Queue) -> None:
    front.set(PUSH_QUEUE_URL=f"{queue.url}-that-is-not-there")
    status, body, headers = front.send(PUSH)
    assert (status, json.loads(body)["error"]["code"], headers["Retry-After"]) == (503, "StoreUnavailable", "5")
    assert front.keys() == []


def test_a_store_that_does_not_take_the_frames_is_told(
    front: Front, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FakeS3(failing=("frame.jpg",))
    store = EventStore(cast(Any, client), "event-store")
    monkeypatch.setattr(resources, "event_store", lambda: store)
    status, body, _ = front.send(PUSH)
    assert (status, json.loads(body)["error"]["code"], queue.messages()) == (503, "StoreUnavailable", [])


@pytest.mark.parametrize("kept", ["No", "Yes"])
def test_a_push_that_leaves_no_event_is_answered_with_its_result(front: Front, queue: Queue, kept: str) -> None:
    front.set(SAVE_REQUEST_EVENTS=kept)
    front.know(keep="nothing")
    assert front.send(PUSH)[:2] == (200, RESULT.decode())
    assert (front.keys(), queue.messages()) == ([], [])


def test_the_profile_is_that_of_the_time_of_the_push(front: Front, queue: Queue) -> None:
    front.know(min_confidence=0.5, retention="7", frame_interval_ms=500)
    assert json.loads(front.send(PUSH)[1]) == {"next_frame_after_ms": 500}
    (message,) = queue.messages()
    queue.endpoint.answer = Inference(json.dumps(BOXES).encode())
    assert queue.handle(message)
    assert (front.event()["result"]["bbox_scores"], front.event()["retention"]) == ([[0.9]], "7")


def test_frames_without_a_box_are_deleted_where_detections_alone_are_kept(front: Front, queue: Queue) -> None:
    front.know(keep="detections", min_confidence=0.95)
    front.send(PUSH)
    (message,) = queue.messages()
    queue.endpoint.answer = Inference(json.dumps(BOXES).encode())
    assert queue.handle(message)
    assert front.keys() == []
    assert queue.handle(message)  # a repeat finds no frame, and there is nothing to find
    assert (front.keys(), queue.dead_letters()) == ([], [])


def test_a_failure_that_may_pass_is_tried_again(front: Front, queue: Queue) -> None:
    front.send(PUSH)
    (message,) = queue.messages()
    queue.endpoint.failure = EndpointUnavailableError("busy")
    assert not queue.handle(message)
    queue.endpoint.failure = None
    assert queue.handle(message)
    assert front.keys() == ["frame.jpg", "result.json"]


def test_a_failure_that_stays_is_kept_beside_the_frame_and_dead_lettered(front: Front, queue: Queue) -> None:
    front.send(PUSH)
    (message,) = queue.messages()
    queue.endpoint.failure = RefusedByModelError(400, "InvalidImage", "a truncated JPEG")
    assert queue.handle(message)
    assert front.keys() == ["error.json", "frame.jpg"]
    (letter,) = queue.dead_letters()
    assert json.loads(letter) == json.loads(message)  # to be replayed
    queue.endpoint.failure = None
    assert queue.handle(letter)
    assert front.event()["result"] == json.loads(RESULT)


def test_frames_that_are_gone_are_told(front: Front, queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    front.send(PUSH)
    (message,) = queue.messages()
    front.bucket.objects.all().delete()
    assert queue.handle(message)
    assert len(queue.dead_letters()) == 1
    assert '"FilesGone": [1]' in capsys.readouterr().out


def test_a_damaged_message_is_dead_lettered(front: Front, queue: Queue) -> None:
    assert queue.handle('{"accepted_push": {"request_id": "1"}}')
    assert len(queue.dead_letters()) == 1
    with pytest.raises(InvalidRequestError, match="damaged"):
        accepted.read('{"accepted_push": 7}')


@pytest.mark.parametrize("text", ["", "7", "[]", '{"Records": []}', "[" * 100_000])
def test_messages_of_other_kinds_are_left_to_others(text: str) -> None:
    assert accepted.read(text) is None


class _Stopped(BaseException):
    """The end of a process."""


class _Dying:
    """A client of AWS that ends the process before, or after, its n-th call."""

    def __init__(self, client: Any, at: int, *, after: bool) -> None:
        self._client = client
        self._left = at
        self._after = after
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def made(**arguments: Any) -> Any:
            with self._lock:
                self._left -= 1
                is_last = self._left == 0
            if is_last and not self._after:
                raise _Stopped(name)
            answer = call(**arguments)
            if is_last:
                raise _Stopped(name)
            return answer

        return made


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("keep", ["everything", "detections"])
@pytest.mark.parametrize("step", range(1, 9))
def test_a_stop_between_any_two_steps_loses_nothing(
    front: Front, queue: Queue, step: int, keep: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.know(keep=keep, min_confidence=0.95)
    front.set(EVENTS_TABLE="Yes")
    front.send(multipart_event(("a", ONE), ("b", TWO), path="/push"))
    queue.endpoint.answer = Inference(json.dumps({"results": [BOXES, BOXES]}).encode())
    (message,) = queue.messages()
    dying = cast(Any, _Dying(boto3.client("s3"), step, after=after))
    with monkeypatch.context() as patched:
        store = EventStore(dying, "event-store", queryable=True)
        patched.setattr(ingest, "event_store", lambda: store)
        patched.setattr(ingest, "stored_frames", lambda: StoredFrames(dying, "event-store"))
        try:
            queue.handle(message)
        except _Stopped:
            pass
        else:
            assert step > 5  # all steps were done before
    assert queue.handle(message)
    assert queue.dead_letters() == []
    if keep == "detections":
        assert front.keys() == []
        return
    assert front.keys() == ["frame-0.jpg", "frame-1.jpg", "result.json", "request-1.json"]
    assert front.event()["result"]["results"][0]["bbox_scores"] == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(1, 4))
def test_a_camera_that_got_no_200_sends_again_and_one_that_got_it_is_safe(
    front: Front, queue: Queue, step: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function behind the API stops between its own steps: two frames, and the message."""
    clients = {
        "event_store": EventStore(cast(Any, _Dying(boto3.client("s3"), step, after=after)), "event-store"),
        "push_queue": _Dying(boto3.client("sqs"), step - 2, after=after),
    }
    event = multipart_event(("a", ONE), ("b", TWO), path="/push")
    with monkeypatch.context() as patched:
        for name, client in clients.items():
            patched.setattr(resources, name, lambda client=client: client)
        with pytest.raises(_Stopped):
            front.send(event)
    event["requestContext"] = {**event["requestContext"], "requestId": "request-2"}
    assert front.send(event)[0] == 200
    for message in queue.messages():
        assert queue.handle(message)
    whole = [item.key for item in front.bucket.objects.all() if item.key.endswith("result.json")]
    assert any("request-2" in key for key in whole)
    assert queue.dead_letters() == []
