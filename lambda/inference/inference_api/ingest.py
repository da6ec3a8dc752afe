"""Entry point for files in S3: read the notification -> read the file -> infer -> store -> delete the file.

A message whose file became an event is done. One that may succeed later fails, and SQS shows it again; after a few
times it moves it to the dead-letter queue. One that never can goes there at once, with the reason. The file stays where
it is until its event is whole.
"""

from __future__ import annotations

import functools
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from inference_api.errors import ApiError, InvalidImageError, PayloadTooLargeError
from inference_api.event_store import EventStore
from inference_api.frames import Frame, InferenceRequest
from inference_api.sagemaker.endpoint import MAX_PAYLOAD_BYTES, Endpoint
from inference_api.settings import IngestSettings
from inference_api.uploads import notifications
from inference_api.uploads.incoming_files import IncomingFiles
from inference_api.uploads.notifications import UploadedFile

logger = Logger()
metrics = Metrics()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

# Nobody waits for an answer. The function has 120 s for four files; each step of one has an end well before.
_ENDPOINT_CONFIG = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
_S3_CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
_STORE_PATIENCE_SECONDS = 12.0

_CUSTOM = "custom"
_MAX_REASON_LENGTH = 1000


@functools.cache
def settings() -> IngestSettings:
    """The settings of this function."""
    return IngestSettings.from_environment(os.environ)


@functools.cache
def endpoint() -> Endpoint:
    """The endpoint, its connection kept between invocations."""
    return Endpoint(boto3.client("sagemaker-runtime", config=_ENDPOINT_CONFIG), settings().endpoint_name)


@functools.cache
def event_store() -> EventStore:
    """The event store, its connections and threads kept between invocations."""
    client = boto3.client("s3", config=_S3_CONFIG)
    return EventStore(
        client,
        settings().events_bucket,
        queryable=settings().events_table,
        patience_seconds=_STORE_PATIENCE_SECONDS,
    )


@functools.cache
def incoming_files() -> IncomingFiles:
    """The files that cameras upload."""
    return IncomingFiles(boto3.client("s3", config=_S3_CONFIG), settings().events_bucket)


@functools.cache
def queues() -> Any:
    """The client of SQS."""
    return boto3.client("sqs", config=_S3_CONFIG)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Takes a batch of SQS messages, and names those that SQS is to show again."""
    return process_partial_response(event=event, record_handler=ingest, processor=processor, context=context)


def ingest(record: SQSRecord) -> None:
    """Makes events of the files that a message tells of.

    Raises:
        Exception: one of them cannot become an event now.
    """
    metrics.add_metric("UploadNotifications", MetricUnit.Count, 1)
    try:
        files = notifications.read(record.body)
    except ApiError as error:
        _give_up(record.body, error)
        return
    for file in files:
        with logger.append_context_keys(api_request_id=file.request_id, file=file.key):
            _settle(file)


def _settle(file: UploadedFile) -> None:
    """Makes an event of a file, or gives it up where no attempt would help.

    Raises:
        Exception: another attempt may help.
    """
    try:
        _ingest_file(file)
    except ApiError as error:
        metrics.add_metric(f"Errors{error.code}", MetricUnit.Count, 1)
        if error.status >= 500:
            logger.warning("to be tried again: %s", error, extra={"code": error.code, "status": error.status})
            raise
        _give_up(file.message, error)
    except Exception:
        metrics.add_metric("ErrorsInternalError", MetricUnit.Count, 1)
        logger.exception("to be tried again")
        raise


def _ingest_file(file: UploadedFile) -> None:
    """Reads the file, and deletes it when its event is whole."""
    camera_id = file.camera_id
    if file.size > MAX_PAYLOAD_BYTES:
        raise PayloadTooLargeError(
            f"the file has {file.size} bytes; the endpoint takes at most {MAX_PAYLOAD_BYTES}: upload smaller frames"
        )
    content = incoming_files().read(file)
    if content is None:
        logger.info("the file is gone: it is an event already, or a newer one has taken its place")
        return
    request = _request(file, content, camera_id)
    started = time.perf_counter()
    result = endpoint().infer(request, file.request_id)
    metrics.add_metric("EndpointLatency", MetricUnit.Milliseconds, (time.perf_counter() - started) * 1000)
    metrics.add_metric("Inferences", MetricUnit.Count, 1)
    event = event_store().begin(request, request_id=file.request_id, received=file.uploaded)
    event.complete(result)
    logger.info("event stored", extra={"event_prefix": event.prefix})
    incoming_files().delete(file)


def _request(file: UploadedFile, content: Frame, camera_id: str) -> InferenceRequest:
    """What a camera would have asked that posts the file; the file's key is its own word for it."""
    if settings().application_type == _CUSTOM:
        return InferenceRequest({"frame": content}, accept="*/*", camera_id=camera_id, client_request_id=file.key)
    frame = Frame(content.body)  # the uploader's word for the type is often wrong
    if not frame.is_image:
        raise InvalidImageError("the file is no JPEG, PNG, WebP or BMP; upload the image as the camera encodes it")
    return InferenceRequest({"frame": frame}, camera_id=camera_id, client_request_id=file.key)


def _give_up(message: str, error: ApiError) -> None:
    """Puts a message into the dead-letter queue that no further attempt would help, with the reason."""
    logger.error("given up: %s", error, extra={"code": error.code, "status": error.status})
    metrics.add_metric("FilesGivenUp", MetricUnit.Count, 1)
    # SQS takes no control characters.
    reason = "".join(character if character.isprintable() else " " for character in str(error))[:_MAX_REASON_LENGTH]
    queues().send_message(
        QueueUrl=settings().dead_letter_queue_url,
        MessageBody=message,
        MessageAttributes={
            "Code": {"DataType": "String", "StringValue": error.code},
            "Reason": {"DataType": "String", "StringValue": reason or error.code},
        },
    )
