"""Entry point: parse -> infer -> store -> respond; the frames are stored while the endpoint infers."""

from __future__ import annotations

import functools
import json
import os
import time
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from inference_api.endpoint import Endpoint, Inference
from inference_api.errors import ApiError, error_document
from inference_api.event_store import Event, EventStore
from inference_api.frames import InferenceRequest, parse
from inference_api.settings import Settings

logger = Logger()
metrics = Metrics()
# API Gateway answers preflights; this is what a page may read of an answer.
app = APIGatewayRestResolver(cors=CORSConfig(expose_headers=["X-Request-Id", "X-Event-Stored", "Retry-After"]))

# The function ends at 28 s. An endpoint that takes all its time and a store that stalls still leave time to start and
# to answer: 2 + 20 s, and the event store's patience of 4 s, whatever its attempts come to.
_ENDPOINT_CONFIG = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
_STORE_CONFIG = Config(connect_timeout=0.5, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})


@functools.cache
def settings() -> Settings:
    """The settings of this function."""
    return Settings.from_environment(os.environ)


@functools.cache
def endpoint() -> Endpoint:
    """The endpoint, its connection kept between invocations."""
    return Endpoint(boto3.client("sagemaker-runtime", config=_ENDPOINT_CONFIG), settings().endpoint_name)


@functools.cache
def event_store() -> EventStore:
    """The event store, its connections and threads kept between invocations."""
    return EventStore(boto3.client("s3", config=_STORE_CONFIG), settings().events_bucket)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers an API Gateway proxy event."""
    return app.resolve(event, context)


@app.post("/inference")
def infer() -> Response[str] | Response[bytes]:
    """Runs the model over the frame of the request."""
    received = datetime.now(UTC)
    request = parse(app.current_event, settings().application_type)
    logger.append_keys(api_request_id=_request_id(), camera_id=request.camera_id)
    event = _begun(request, received) if settings().save_request_events else None
    started = time.perf_counter()
    try:
        result = endpoint().infer(request, _request_id())
    except Exception:
        _discard(event)
        raise
    metrics.add_metric("EndpointLatency", MetricUnit.Milliseconds, (time.perf_counter() - started) * 1000)
    metrics.add_metric("Inferences", MetricUnit.Count, 1)
    headers = {"X-Request-Id": _request_id()}
    if settings().save_request_events:
        headers["X-Event-Stored"] = "true" if _stored(event, result) else "false"
    if result.is_text:
        return Response(200, content_type=result.content_type, body=result.body.decode(), headers=headers)
    return Response(200, content_type=result.content_type, body=result.body, headers=headers)  # bytes go in base64


def _begun(request: InferenceRequest, received: datetime) -> Event | None:
    """The event, its frames being written; None when not even that could begin, which never fails the inference."""
    try:
        return event_store().begin(request, request_id=_request_id(), received=received)
    except Exception:
        logger.exception("event not stored")
        _count_store_failure()
        return None


def _stored(event: Event | None, result: Inference) -> bool:
    """Whether the event is whole; a failure is logged and counted, and never fails the inference."""
    if event is None:
        return False
    try:
        event.complete(result)
    except Exception:
        logger.exception("event not stored")
        _count_store_failure()
        return False
    logger.info("event stored", extra={"event_prefix": event.prefix})
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
    metrics.add_metric("EventStoreFailures", MetricUnit.Count, 1)


@app.exception_handler(ApiError)  # type: ignore[untyped-decorator]
def api_error(error: ApiError) -> Response[str]:
    """A known failure, in the one error shape."""
    logger.warning("refused: %s", error, extra={"code": error.code, "status": error.status})
    metrics.add_metric(f"Errors{error.code}", MetricUnit.Count, 1)
    return _error_response(error.status, error.code, str(error), error.retry_after_seconds)


@app.not_found
def not_found(_error: NotFoundError) -> Response[str]:
    """No such path or method."""
    return _error_response(404, "NotFound", "there is nothing here; send POST /inference")


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def unexpected_error(_error: Exception) -> Response[str]:
    """A fault of ours: logged in full, told in a sentence."""
    logger.exception("failed")
    metrics.add_metric("ErrorsInternalError", MetricUnit.Count, 1)
    return _error_response(500, "InternalError", "the service failed; try again, and report the request id if it stays")


def _error_response(status: int, code: str, message: str, retry_after: int | None = None) -> Response[str]:
    headers = {"X-Request-Id": _request_id()}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    body = json.dumps(error_document(code, message, _request_id()))
    return Response(status, content_type="application/json", body=body, headers=headers)


def _request_id() -> str:
    """API Gateway's id of this request, else Lambda's: unique whatever the client calls it."""
    return app.current_event.request_context.request_id or app.lambda_context.aws_request_id
