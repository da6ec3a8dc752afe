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
from inference_api.identity.caller import get_ready
from inference_api.messages import Inference, InferenceRequest, Pending
from inference_api.proxy import Api, Request, Response
from inference_api.sagemaker.async_endpoint import prefers_async
from inference_api.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from inference_api.idempotency import Earlier

logger = Logger()
EXPOSED_HEADERS = [
    "X-Request-Id",
    "X-Client-Request-Id",
    "X-Original-Request-Id",
    "X-Event-Stored",
    "Location",
    "Retry-After",
]
api = Api(expose_headers=EXPOSED_HEADERS)

# Set while Lambda starts an instance, which has a whole core then, and a third of one from its first request on.
if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    resources.prepare()
    get_ready()


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
    """Answer every request, failures included.

    No variable keeps an exception: its traceback would keep this call, and the body in it, until the garbage collector
    comes. A few refused bodies of 6 MB are more than the function's memory.
    """
    try:
        answering = api.answering(request)
        if answering is not None:
            return answering(request, telemetry)
        return _failed(NothingToFetchError("there is nothing here; send POST /inference"), request, telemetry)
    except ApiError as error:
        logger.warning("refused: %s", error, extra=error.log_fields)
        return _failed(error, request, telemetry)
    except Exception:
        logger.exception("failed")
        failure = "the service failed; try again, and report the request id if it stays"
        return _failed(ApiError(failure), request, telemetry)


def _failed(failure: ApiError, request: Request, telemetry: Telemetry) -> Response:
    telemetry.failed(failure.status, failure.code)
    return answers.failure(failure, request.request_id)


@api.route("POST", "/inference")
def infer(request: Request, telemetry: Telemetry) -> Response:
    """Run the model over the frames of a request."""
    received = datetime.now(UTC)
    asked = _parsed(request, telemetry)
    event = _event(telemetry)
    earlier = event.claim(request, asked, received=received)
    if earlier is not None and (answer := _repeated(request, telemetry, event, earlier)) is not None:
        return answer
    event.begin(asked, request_id=request.request_id, received=received)
    try:
        result = _inferred(asked, request.request_id, event, telemetry)
        if isinstance(result, Inference):
            answers.require_room_for(result)
    except Exception as error:
        event.discard(error)
        raise
    if isinstance(result, Pending):
        telemetry.count("PendingAnswers")
        return answers.pending(request, result.request_id)
    telemetry.detected(result)
    fate = event.complete(result)
    if asked.respond_async and resources.settings().is_async:
        return answers.pending(request, request.request_id)  # as the client expects, though the answer is there
    return answers.inference(result, request.request_id, fate)


@api.route("GET", "/inference/{request_id}")
def collect(request: Request, telemetry: Telemetry, request_id: str) -> Response:
    """Fetch the answer of an earlier request, which an asynchronous endpoint left pending."""
    if not resources.settings().is_async:
        raise NothingToFetchError("this endpoint answers at once, so there is nothing to fetch; send POST /inference")
    telemetry.polled(request.request_id)
    logger.append_keys(api_request_id=request.request_id, fetched_request_id=request_id)
    pending = resources.async_endpoint().pending(request_id)
    if pending is None:
        raise NothingToFetchError("there is no such request, or its answer has expired; send the frame again")
    outcome = resources.async_endpoint().outcome(pending)
    if isinstance(outcome, ApiError):
        _event(telemetry).fail_later(pending.event, outcome)
        raise outcome
    return _collected(request, telemetry, pending, outcome)


def _collected(request: Request, telemetry: Telemetry, pending: Pending, outcome: Inference | None) -> Response:
    if outcome is None:
        telemetry.count("PendingAnswers")
        return answers.pending(request, pending.request_id)
    answers.require_room_for(outcome)
    return answers.inference(outcome, request.request_id, _event(telemetry).complete_later(pending.event, outcome))


def _repeated(request: Request, telemetry: Telemetry, event: EventRecording, earlier: Earlier) -> Response | None:
    """Answer as the earlier request with this Idempotency-Key; None where it stored nothing, and this one goes on."""
    logger.append_keys(earlier_request_id=earlier.request_id)
    if earlier.answer is not None:
        answers.require_room_for(earlier.answer)  # a notification stores an answer of any size
        return answers.repeated(earlier.answer, request.request_id, earlier.request_id)
    pending = resources.async_endpoint().pending(earlier.request_id) if resources.settings().is_async else None
    if pending is not None:  # else it has not come so far, or never did
        outcome = resources.async_endpoint().outcome(pending)
        if pending.event and not isinstance(outcome, ApiError):
            return answers.of_earlier(_collected(request, telemetry, pending, outcome), earlier.request_id)
        earlier = replace(earlier, is_abandoned=True)  # it failed, or its event is lost: it will store nothing
    event.take_over(earlier)
    return None


def _parsed(request: Request, telemetry: Telemetry) -> InferenceRequest:
    telemetry.identify(request.request_id, camera_id=declared_camera(request))
    settings = resources.settings()
    asked = parse(request, settings.application_type, as_older_json=settings.older_short_size is not None)
    telemetry.received(asked)
    logger.append_keys(api_request_id=request.request_id, camera_id=asked.camera_id)
    return replace(asked, respond_async=prefers_async(request.headers))


def _inferred(
    asked: InferenceRequest, request_id: str, event: EventRecording, telemetry: Telemetry
) -> Inference | Pending:
    with telemetry.timed("EndpointLatency"):
        if resources.settings().is_async:
            return resources.async_endpoint().infer(asked, request_id, leave_open=event.leave_open)
        return resources.endpoint().infer(asked, request_id)


def _event(telemetry: Telemetry) -> EventRecording:
    is_kept = resources.settings().save_request_events
    return EventRecording(lambda: resources.event_store(), telemetry, is_kept=is_kept)
