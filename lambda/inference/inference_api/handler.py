"""Entry point: parse -> infer -> store -> respond; the frames are stored while the endpoint infers."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from inference_api import answers
from inference_api.errors import ApiError, NothingToFetchError, error_document
from inference_api.event_store import Event, EventStore
from inference_api.frames import InferenceRequest, declared_camera, parse
from inference_api.proxy import Api, Request, Response
from inference_api.sagemaker.async_endpoint import AsyncEndpoint, Pending, prefers_async
from inference_api.sagemaker.endpoint import Endpoint, Inference
from inference_api.settings import AwsAccess, Settings
from inference_api.telemetry import Origin, Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
app = Api(expose_headers=["X-Request-Id", "X-Event-Stored", "Location", "Retry-After"])

# Timeouts: the function ends at 28 s. An endpoint that takes all its time and a store that stalls still leave time to
# start and to answer: 2 + 20 s, and the event store's patience of 4 s, whatever its attempts come to.

# For a client that waits for a fleet to wake from no instance, which takes minutes.
_RETRY_SECONDS = 5


@functools.cache
def settings() -> Settings:
    """The settings of this function."""
    return Settings.from_environment(os.environ)


@functools.cache
def endpoint() -> Endpoint:
    """The endpoint, its connection kept between invocations."""
    from inference_api.sagemaker.runtime_client import RuntimeClient

    client = RuntimeClient(AwsAccess.from_environment(os.environ), connect_timeout=2, read_timeout=20)
    return Endpoint(client, settings().endpoint_name)


@functools.cache
def async_endpoint() -> AsyncEndpoint:
    """The endpoint, where it is asynchronous, its connections kept between invocations."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=2, retries={"total_max_attempts": 1})
    return AsyncEndpoint(
        boto3.client("sagemaker-runtime", config=config),
        boto3.client("s3", config=config),
        name=settings().endpoint_name,
        bucket=settings().events_bucket,
    )


@functools.cache
def event_store() -> EventStore:
    """The event store, its connections and threads kept between invocations."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
    client = boto3.client("s3", config=config)
    return EventStore(client, settings().events_bucket, queryable=settings().events_table)


@functools.cache
def origin() -> Origin:
    """What tells this function's metrics from others."""
    return Origin(
        namespace=settings().metrics_namespace,
        service=settings().service,
        application=settings().application_type,
        model=settings().model_name,
        by_camera=settings().camera_metrics,
    )


def prepare() -> None:
    """Makes what requests will need, and loads what that takes: boto3 only where S3 is used."""
    (async_endpoint if settings().is_async else endpoint)()
    if settings().save_request_events:
        event_store()


# Lambda says so while it starts an instance, which has a whole core then, and a third of one with its first request.
if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    prepare()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers an API Gateway proxy event, and writes what was measured of it."""
    is_cold = origin.cache_info().currsize == 0  # nobody has asked for it yet
    app.telemetry = Telemetry(origin(), is_cold=is_cold)
    app.request = Request(event, context.aws_request_id)
    try:
        return app.document(_response())
    finally:
        app.telemetry.write()


def _response() -> Response:
    """What the request is answered, whatever becomes of it."""
    try:
        return (app.answering() or not_found)()
    except ApiError as error:
        return api_error(error)
    except Exception:
        logger.exception("failed")
        return unexpected_error()


@app.route("POST", "/inference")
def infer() -> Response:
    """Runs the model over the frame of the request."""
    received = datetime.now(UTC)
    telemetry = app.telemetry
    telemetry.identify(app.request.request_id, camera_id=declared_camera(app.request))
    request = parse(app.request, settings().application_type)
    request = replace(request, respond_async=prefers_async(app.request.headers))
    telemetry.received(request)
    logger.append_keys(api_request_id=app.request.request_id, camera_id=request.camera_id)
    event = _begun(request, received) if settings().save_request_events else None
    try:
        result = _infer(request)
        if isinstance(result, Inference):
            answers.require_room_for(result)
        else:
            async_endpoint().remember(replace(result, event=_left_open(event)))
    except Exception:
        _discard(event)
        raise
    if isinstance(result, Pending):
        return _pending(result.request_id)
    telemetry.detected(result)
    stored = _stored(event, result) if settings().save_request_events else None
    return _answer(result, stored=stored)


@app.route("GET", "/inference/{request_id}")
def collect(request_id: str) -> Response:
    """The answer of a request that was left to an asynchronous endpoint."""
    if not settings().is_async:
        raise NothingToFetchError("this endpoint answers at once, so there is nothing to fetch; send POST /inference")
    app.telemetry.polled(app.request.request_id)
    logger.append_keys(api_request_id=app.request.request_id, fetched_request_id=request_id)
    pending, result = async_endpoint().collect(request_id)
    if result is None:
        return _pending(request_id)
    answers.require_room_for(result)
    if pending.event is None:
        return _answer(result, stored=None)
    return _answer(result, stored=bool(pending.event) and _completed(pending.event, result))


def _infer(request: InferenceRequest) -> Inference | Pending:
    with app.telemetry.timed("EndpointLatency"):
        if settings().is_async:
            return async_endpoint().infer(request, app.request.request_id)
        return endpoint().infer(request, app.request.request_id)


def _pending(request_id: str) -> Response:
    """202, and where the answer will be. The path of the request has the stage in it, or the domain's base path."""
    app.telemetry.count("PendingAnswers")
    path = app.request.path_with_stage.split("/inference")[0]
    headers = {
        "X-Request-Id": app.request.request_id,
        "Location": f"{path}/inference/{request_id}",
        "Retry-After": str(_RETRY_SECONDS),
    }
    body = json.dumps({"request_id": request_id, "status": "pending"})
    return Response(202, content_type="application/json", body=body, headers=headers)


def _answer(result: Inference, *, stored: bool | None) -> Response:
    """The container's answer, and whether its event is stored; None where events are not kept."""
    headers = {"X-Request-Id": app.request.request_id}
    if stored is not None:
        headers["X-Event-Stored"] = "true" if stored else "false"
    if result.is_text:
        text, content_type = answers.text(result)
        return Response(200, content_type=content_type, body=text, headers=headers)
    return Response(200, content_type=result.content_type, body=result.body, headers=headers)  # bytes go in base64


def _begun(request: InferenceRequest, received: datetime) -> Event | None:
    """The event, its frames being written; None when not even that could begin, which never fails the inference."""
    try:
        return event_store().begin(request, request_id=app.request.request_id, received=received)
    except Exception:
        logger.exception("event not stored")
        _count_store_failure()
        return None


def _stored(event: Event | None, result: Inference) -> bool:
    """Whether the event is whole; a failure is logged and counted, and never fails the inference."""
    if event is None:
        return False
    try:
        with app.telemetry.timed("StoreLatency"):
            event.complete(result)
    except Exception:
        logger.exception("event not stored")
        _count_store_failure()
        return False
    logger.info("event stored", extra={"event_prefix": event.prefix})
    return True


def _left_open(event: Event | None) -> dict[str, Any] | None:
    """What completes the event when its answer is fetched; a failure never fails the inference.

    Returns:
        None where events are not kept, and nothing (``{}``) of an event that was lost.
    """
    if event is None:
        return {} if settings().save_request_events else None
    try:
        return event.leave_open()
    except Exception:
        logger.exception("event not stored")
        _count_store_failure()
        return {}


def _completed(event: Mapping[str, Any], result: Inference) -> bool:
    """Whether an event that was left open is whole now; a failure never fails the answer."""
    try:
        prefix = event_store().complete_later(event, result)
    except Exception:
        logger.exception("event not stored")
        _count_store_failure()
        return False
    logger.info("event stored", extra={"event_prefix": prefix})
    return True


def _discard(event: Event | None) -> None:
    """Takes back what was stored of a request that failed; the client is told of that failure alone."""
    if event is None:
        return
    try:
        event.discard()
    except Exception:
        logger.exception("frames of a failed request may be left", extra={"event_prefix": event.prefix})
        _count_store_failure()


def _count_store_failure() -> None:
    app.telemetry.count("EventStoreFailures")


def api_error(error: ApiError) -> Response:
    """A known failure, in the one error shape."""
    logger.warning("refused: %s", error, extra={"code": error.code, "status": error.status})
    return _error_response(error.status, error.code, str(error), error.retry_after_seconds)


def not_found() -> Response:
    """No such path or method."""
    return _error_response(404, "NotFound", "there is nothing here; send POST /inference")


def unexpected_error() -> Response:
    """A fault of ours, told in a sentence."""
    return _error_response(500, "InternalError", "the service failed; try again, and report the request id if it stays")


def _error_response(status: int, code: str, message: str, retry_after: int | None = None) -> Response:
    app.telemetry.failed(status, code)
    headers = {"X-Request-Id": app.request.request_id}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    body = json.dumps(error_document(code, message, app.request.request_id))
    return Response(status, content_type="application/json", body=body, headers=headers)
