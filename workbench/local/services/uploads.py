"""Uploaded files and accepted pushes: S3's notifications and SQS by moto's server, and Lambda's poller of the queue.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from workbench.local.child_process import ChildProcess
from workbench.local.services import lambda_service
from workbench.local.services.lambda_service import FunctionError, LambdaFunction
from workbench.local.services.object_store import CREDENTIALS, ObjectStore
from workbench.template.rendered_ingest import RenderedIngest

_POLL_SECONDS = 1


@dataclass(frozen=True)
class Uploads:
    """Running front end for files.

    Attributes:
        url: the bucket's URL, without a slash at its end; None where its files become no events.
        queue_url: URL of the queue for S3's notifications.
        dead_letter_queue_url: URL of the queue for files that did not become events.
        processes: processes of the function.
    """

    url: str | None
    queue_url: str
    dead_letter_queue_url: str
    processes: tuple[ChildProcess, ...]


@contextmanager
def running(
    ingest: RenderedIngest,
    events: ObjectStore,
    *,
    region: str,
    service_environment: Mapping[str, str],
    log: Path,
) -> Iterator[Uploads]:
    """Create the queues, have S3 notify them of uploads, and start the function and its poller.

    Args:
        ingest: the stack's front end for files.
        events: the running S3; its server emulates SQS, too.
        region: the stack's region.
        service_environment: endpoints of the services, and credentials.
        log: file for the function's output.

    Raises:
        StartError: the function's handler cannot be imported.
    """
    sqs: Any = boto3.client(
        "sqs",
        endpoint_url=events.url,
        region_name=region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    dead_letters = sqs.create_queue(QueueName=ingest.dead_letter_queue_name)["QueueUrl"]
    redrive = {"deadLetterTargetArn": _arn(sqs, dead_letters), "maxReceiveCount": ingest.attempts}
    attributes = {"VisibilityTimeout": str(ingest.visibility_seconds), "RedrivePolicy": json.dumps(redrive)}
    queue = sqs.create_queue(QueueName=ingest.queue_name, Attributes=attributes)["QueueUrl"]
    if ingest.bucket_notifications:
        _let_s3_tell(events, ingest.bucket_notifications, _arn(sqs, queue))
    environment = {**service_environment, "DEAD_LETTER_QUEUE_URL": dead_letters}
    with (
        lambda_service.running(ingest.function, region=region, service_environment=environment, log=log) as function,
        _polling(sqs, queue, function, batch_size=ingest.batch_size),
    ):
        url = f"{events.url}/{events.bucket}" if ingest.bucket_notifications else None
        yield Uploads(url, queue, dead_letters, tuple(function.processes))


def _arn(sqs: Any, queue_url: str) -> str:
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return str(attributes["Attributes"]["QueueArn"])


def _let_s3_tell(events: ObjectStore, notifications: Mapping[str, Any], queue_arn: str) -> None:
    """Configure the bucket's notifications: translate CloudFormation's keys to those of S3's API."""
    told: list[Any] = [
        {
            "QueueArn": queue_arn,
            "Events": [notification["Event"]],
            "Filter": {"Key": {"FilterRules": notification["Filter"]["S3Key"]["Rules"]}},
        }
        for notification in notifications["QueueConfigurations"]
    ]
    events.client.put_bucket_notification_configuration(
        Bucket=events.bucket, NotificationConfiguration={"QueueConfigurations": told}
    )


@contextmanager
def _polling(sqs: Any, queue: str, function: LambdaFunction, *, batch_size: int) -> Iterator[None]:
    ended = threading.Event()

    def poll() -> None:
        while not ended.is_set():
            received = sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=batch_size, WaitTimeSeconds=_POLL_SECONDS, AttributeNames=["All"]
            )
            if messages := received.get("Messages"):
                _hand_over(sqs, queue, function, messages)

    poller = threading.Thread(target=poll, daemon=True)
    poller.start()
    try:
        yield
    finally:
        ended.set()
        function.end()  # which the poller may be waiting for
        poller.join()


def _hand_over(sqs: Any, queue: str, function: LambdaFunction, messages: list[dict[str, Any]]) -> None:
    """Invoke the function with a batch, and delete the messages that it does not report as failed."""
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        for message in messages
    ]
    try:
        answer = function.invoke(lambda_service.payload({"Records": records}))
    except FunctionError:
        return  # all become visible again after the visibility timeout; the function's log has the reason
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    for message in messages:
        if message["MessageId"] not in failed:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
