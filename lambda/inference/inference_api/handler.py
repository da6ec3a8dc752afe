"""Entry point of the API: parse -> infer -> store -> respond; the frames are stored while the endpoint computes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from inference_api import answers, resources
from inference_api.errors import ApiError, NothingToFetchError
from inference_api.event_recording import EventRecording
from inference_api.frames import declared_camera, parse
from inference_api.messages import Inference, InferenceRequest, Pending
from inference_api.proxy import Api, Request, Response
from inference_api.sagemaker.async_endpoint import prefers_async
from inference_api.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
api = Api(expose_headers=["X-Request-Id", "X-Event-Stored", "Location", "Retry-After"])

# Set while Lambda starts an instance, which has a whole core then, and a third of one from its first request on.
if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    resources.prepare()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an event of API Gateway, and write the measurements of the request."""
    is_cold = resources.origin.cache_info().currsize == 0  # no request has needed it yet
    telemetry = Telemetry(resources.origin(), is_cold=is_cold)
    request = Request(event, context.aws_request_id)
    try:
        return api.document(request, _respond(request, telemetry))
    finally:
        telemetry.write()


def _respond(request: Request, telemetry: Telemetry) -> Response:
    """Answer every request, failures included."""
    try:
        answering = api.answering(request)
        if answering is not None:
            return answering(request, telemetry)
        failure: ApiError = NothingToFetchError("there is nothing here; send POST /inference")
    except ApiError as error:
        logger.warning("refused: %s", error, extra=error.log_fields)
        failure = error
    except Exception:
        logger.exception("failed")
        failure = ApiError("the service failed; try again, and report the request id if it stays")
    telemetry.failed(failure.status, failure.code)
    return answers.failure(failure, request.request_id)


@api.route("POST", "/inference")
def infer(request: Request, telemetry: Telemetry) -> Response:
    """Run the model over the frames of a request."""
    received = datetime.now(UTC)
    asked = _parsed(request, telemetry)
    event = _event(telemetry)
    event.begin(asked, request_id=request.request_id, received=received)
    try:
        result = _inferred(asked, request.request_id, telemetry)
        if isinstance(result, Inference):
            answers.require_room_for(result)
        else:
            resources.async_endpoint().remember(replace(result, event=event.leave_open()))
    except Exception:
        event.discard()
        raise
    if isinstance(result, Pending):
        telemetry.count("PendingAnswers")
        return answers.pending(request, result.request_id)
    telemetry.detected(result)
    return answers.inference(result, request.request_id, event.complete(result))


@api.route("GET", "/inference/{request_id}")
def collect(request: Request, telemetry: Telemetry, request_id: str) -> Response:
    """Fetch the answer of an earlier request, which an asynchronous endpoint left pending."""
    if not resources.settings().is_async:
        raise NothingToFetchError("this endpoint answers at once, so there is nothing to fetch; send POST /inference")
    telemetry.polled(request.request_id)
    logger.append_keys(api_request_id=request.request_id, fetched_request_id=request_id)
    pending, result = resources.async_endpoint().collect(request_id)
    if result is None:
        telemetry.count("PendingAnswers")
        return answers.pending(request, request_id)
    answers.require_room_for(result)
    fate = _event(telemetry).complete_later(pending.event, result)
    return answers.inference(result, request.request_id, fate)


def _parsed(request: Request, telemetry: Telemetry) -> InferenceRequest:
    telemetry.identify(request.request_id, camera_id=declared_camera(request))
    settings = resources.settings()
    asked = parse(request, settings.application_type, as_older_json=settings.older_short_size is not None)
    telemetry.received(asked)
    logger.append_keys(api_request_id=request.request_id, camera_id=asked.camera_id)
    return replace(asked, respond_async=prefers_async(request.headers))


def _inferred(asked: InferenceRequest, request_id: str, telemetry: Telemetry) -> Inference | Pending:
    with telemetry.timed("EndpointLatency"):
        if resources.settings().is_async:
            return resources.async_endpoint().infer(asked, request_id)
        return resources.endpoint().infer(asked, request_id)


def _event(telemetry: Telemetry) -> EventRecording:
    is_kept = resources.settings().save_request_events
    return EventRecording(lambda: resources.event_store(), telemetry, is_kept=is_kept)
