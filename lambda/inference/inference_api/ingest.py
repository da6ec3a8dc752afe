"""Entry point for files in S3: read the notification -> read the file -> infer -> store -> delete the file.

A message is done once its files are events. If it fails but may succeed later, SQS delivers it again, and after a few
attempts moves it to the dead-letter queue. If retrying cannot fix it, it goes there at once, with the reason. A file
stays in place until its event is whole. The same queue has pushes that were answered before the endpoint saw their
frames: ``pushes.completing`` takes them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from inference_api.errors import ApiError, InvalidImageError
from inference_api.events.event_store import EventStore
from inference_api.messages import Frame, InferenceRequest
from inference_api.metrics.batch_telemetry import BatchTelemetry
from inference_api.pushes import accepted
from inference_api.pushes.accepted import AcceptedPush
from inference_api.pushes.completing import Completing, StoredFrames
from inference_api.sagemaker import limits
from inference_api.sagemaker.endpoint import Endpoint
from inference_api.sagemaker.payloads import in_form
from inference_api.settings import CUSTOM, IngestSettings
from inference_api.uploads import notifications
from inference_api.uploads.incoming_files import Absence, IncomingFiles
from inference_api.uploads.notifications import UploadedFile

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

# No client waits. The function has 120 s for four files, and each step of a file times out well before.
_ENDPOINT_CONFIG = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
_S3_CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
_STORE_PATIENCE_SECONDS = 12.0

_MAX_REASON_LENGTH = 1000


@functools.cache
def settings() -> IngestSettings:
    """The settings of this function."""
    return IngestSettings.from_environment(os.environ)


@functools.cache
def endpoint() -> Endpoint:
    """The endpoint, with its connection."""
    client = boto3.client("sagemaker-runtime", config=_ENDPOINT_CONFIG)
    return Endpoint(
        client,
        settings().endpoint_name,
        endpoint_type=settings().endpoint_type,
        payload=in_form(settings().older_short_size),
    )


@functools.cache
def event_store() -> EventStore:
    """The event store, with its connections and threads."""
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
def stored_frames() -> StoredFrames:
    """The frames of pushes."""
    return StoredFrames(boto3.client("s3", config=_S3_CONFIG), settings().events_bucket)


@functools.cache
def queues() -> Any:
    """The client of SQS."""
    return boto3.client("sqs", config=_S3_CONFIG)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Ingest a batch of SQS messages, and name those that SQS is to deliver again."""
    is_cold = settings.cache_info().currsize == 0  # no batch has needed them yet
    telemetry = BatchTelemetry(
        namespace=settings().metrics_namespace,
        service=settings().service,
        function_name=context.function_name,
        is_cold=is_cold,
    )
    try:
        return process_partial_response(
            event=event,
            record_handler=functools.partial(ingest, telemetry=telemetry),
            processor=processor,
            context=context,
        )
    finally:
        telemetry.write()


def ingest(record: SQSRecord, telemetry: BatchTelemetry) -> None:
    """Turn the files of a message, or its push, into events.

    Raises:
        Exception: one of them cannot become an event now.
    """
    try:
        push = accepted.read(record.body)
        files = [] if push else notifications.read(record.body)
    except ApiError as error:
        telemetry.count("UploadNotifications")
        _dead_letter(record.body, error, telemetry)
        return
    if push is not None:
        _complete(push, telemetry)
        return
    telemetry.count("UploadNotifications")
    for file in files:
        with logger.append_context_keys(api_request_id=file.request_id, file=file.key):
            _settle(file.message, functools.partial(_ingest_file, file, telemetry), telemetry)


def _complete(push: AcceptedPush, telemetry: BatchTelemetry) -> None:
    """Complete the event of a push."""
    telemetry.count("AcceptedPushes")
    completing = Completing(endpoint(), event_store(), stored_frames(), application=settings().application_type)
    with logger.append_context_keys(api_request_id=push.request_id, camera_id=push.camera_id):
        _settle(
            push.message,
            lambda: completing.complete(push, telemetry),
            telemetry,
            fail=lambda error: completing.fail(push, error),
        )


def _settle(
    message: str,
    work: Callable[[], None],
    telemetry: BatchTelemetry,
    *,
    fail: Callable[[ApiError], None] = lambda _: None,
) -> None:
    """Turn a file or a push into an event, or dead-letter it when retrying cannot help.

    Args:
        message: its message.
        work: makes the event.
        telemetry: the measurements of the batch.
        fail: notes a failure that retrying cannot fix, before the message is dead-lettered.

    Raises:
        Exception: retrying may help.
    """
    try:
        work()
    except ApiError as error:
        telemetry.count(f"Errors{error.code}")
        if error.status >= 500:
            logger.warning("to be tried again: %s", error, extra=error.log_fields)
            raise
        fail(error)
        _dead_letter(message, error, telemetry)
    except Exception:
        telemetry.count("ErrorsInternalError")
        logger.exception("to be tried again")
        raise


def _ingest_file(file: UploadedFile, telemetry: BatchTelemetry) -> None:
    """Read a file, infer, store, and delete the file once its event is whole."""
    camera_id = file.camera_id
    limits.require_fit(file.size, settings().endpoint_type, subject="file")
    content = incoming_files().read(file)
    if isinstance(content, Absence):
        _explain(content, file, telemetry)
        return
    request = _request(file, content, camera_id)
    with telemetry.timed("EndpointLatency"):
        result = endpoint().infer(request, file.request_id)
    telemetry.count("Inferences")
    event = event_store().begin(request, request_id=file.request_id, received=file.uploaded)
    event.complete(result)
    logger.info("event stored", extra={"event_prefix": event.prefix})
    incoming_files().delete(file)


def _explain(absence: Absence, file: UploadedFile, telemetry: BatchTelemetry) -> None:
    """Tell a file that is an event already from one that went without an event: that frame is lost."""
    if event_store().holds(camera_id=file.camera_id, request_id=file.request_id, received=file.uploaded):
        logger.info("the file is an event already")
    elif absence is Absence.OVERWRITTEN:
        logger.info("a newer file has taken its place, and has a notification of its own")
    else:
        logger.error("the file is gone, and there is no event of it")
        telemetry.count("FilesGone")


def _request(file: UploadedFile, content: Frame, camera_id: str) -> InferenceRequest:
    """The request of a camera that posts this file; the file's key is its client's id."""
    if settings().application_type == CUSTOM:
        return InferenceRequest({"frame": content}, accept="*/*", camera_id=camera_id, client_request_id=file.key)
    frame = Frame(content.body)  # uploaders often declare a wrong type
    if not frame.is_image:
        raise InvalidImageError("the file is no JPEG, PNG, WebP or BMP; upload the image as the camera encodes it")
    return InferenceRequest({"frame": frame}, camera_id=camera_id, client_request_id=file.key)


def _dead_letter(message: str, error: ApiError, telemetry: BatchTelemetry) -> None:
    """Dead-letter a message that retrying cannot fix, with the reason."""
    logger.error("given up: %s", error, extra=error.log_fields)
    telemetry.count("FilesGivenUp")
    # SQS refuses control characters.
    reason = "".join(character if character.isprintable() else " " for character in str(error))[:_MAX_REASON_LENGTH]
    queues().send_message(
        QueueUrl=settings().dead_letter_queue_url,
        MessageBody=message,
        MessageAttributes={
            "Code": {"DataType": "String", "StringValue": error.code},
            "Reason": {"DataType": "String", "StringValue": reason or error.code},
        },
    )
