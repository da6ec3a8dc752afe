"""Entry point of the API: parse -> infer -> store -> respond; the frames are stored while the endpoint computes."""

from __future__ import annotations

import functools
import gc
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from inference_api import answers, inferring, judging, resources
from inference_api.errors import ApiError, NothingToFetchError
from inference_api.events.event_recording import EventRecording
from inference_api.identity.caller import ANYONE, Caller, get_ready, identify
from inference_api.messages import Inference, InferenceRequest, Pending
from inference_api.metrics.telemetry import Telemetry
from inference_api.parsing.frames import UNKNOWN, declared_camera, parse
from inference_api.profiles.admission import Admission
from inference_api.proxy import Api, Request, Response
from inference_api.sagemaker.async_endpoint import prefers_async
from inference_api.sign_of_life import Sign, sign_of_life

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from inference_api.events.idempotency import Earlier

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
        _settle()


@functools.cache
def _settle() -> None:
    """Take all that the start and the first request loaded, which stays, out of the garbage collector's way.

    It would walk it once in some thousands of requests, in the midst of one: tens of ms of CPU.
    """
    gc.freeze()


def _respond(request: Request, telemetry: Telemetry) -> Response:
    """Answer every request, failures included.

    No variable keeps an exception: its traceback would keep this call, and the body in it, until the garbage collector
    comes. A few refused bodies of 6 MB are more than the function's memory.
    """
    try:
        return (api.answering(request) or push)(request, telemetry)
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
    caller = identify(request)
    caller.require("frames")
    with sign_of_life(caller, datetime.now(UTC)) as sign:
        asked = _parsed(request, caller, telemetry)
        event = inferring.recording(caller, telemetry)
        earlier = event.claim(request, asked, received=sign.received)
        if earlier is not None and (answer := _repeated(request, telemetry, event, earlier)) is not None:
            return answer
        admission = _let_in(sign, asked, event)
        pace = admission.next_frame_after_ms
        if not admission.is_looked_at:
            event.withdraw()
            return answers.not_looked_at(request.request_id, admission.reason, pace)
        outcome = inferring.run(asked, caller, event, telemetry, request_id=request.request_id, received=sign.received)
    if isinstance(outcome.answer, Pending):
        telemetry.count("PendingAnswers")
        return answers.pending(request, outcome.answer.request_id)
    if asked.respond_async and resources.settings().is_async:
        return answers.pending(request, request.request_id)  # as the client expects, though the answer is there
    return answers.inference(outcome.answer, request.request_id, outcome.event, pace)


@api.route("GET", "/inference/{request_id}")
def collect(request: Request, telemetry: Telemetry, request_id: str) -> Response:
    """Fetch the answer of an earlier request, which an asynchronous endpoint left pending."""
    caller = identify(request)
    caller.require("read")
    if not resources.settings().is_async:
        raise NothingToFetchError("this endpoint answers at once, so there is nothing to fetch; send POST /inference")
    telemetry.polled(request.request_id)
    logger.append_keys(api_request_id=request.request_id, fetched_request_id=request_id)
    with sign_of_life(caller, datetime.now(UTC)):
        pending = resources.async_endpoint().pending(request_id)
        if pending is None:
            raise NothingToFetchError("there is no such request, or its answer has expired; send the frame again")
        outcome = resources.async_endpoint().outcome(pending)
        if isinstance(outcome, ApiError):
            inferring.recording(caller, telemetry).fail_later(pending.event, outcome)
            raise outcome
        return _collected(request, telemetry, pending, outcome)


def push(request: Request, telemetry: Telemetry) -> Response:
    """Take what a camera sends by itself: to ``/push``, or anywhere where the camera is known."""
    from inference_api.pushes import door, paths, replies  # a camera that posts to /inference needs none of it

    is_elsewhere = not paths.is_below_door(request)
    if is_elsewhere and not paths.may_be_elsewhere(request):
        raise _nothing_here()
    caller = identify(request)
    if is_elsewhere and not caller.is_known:
        if paths.is_heartbeat_elsewhere(request):
            return replies.alive(request.request_id)
        raise _nothing_here()
    caller.require("frames")
    return door.answer(request, caller, telemetry)


def _nothing_here() -> NothingToFetchError:
    return NothingToFetchError("there is nothing here; send POST /inference, or to /push what a camera sends by itself")


def _let_in(sign: Sign, asked: InferenceRequest, event: EventRecording) -> Admission:
    try:
        return sign.let_in(len(asked.frames) or len(asked.uris))
    except ApiError as error:
        event.discard(error)
        raise


def _collected(request: Request, telemetry: Telemetry, pending: Pending, outcome: Inference | None) -> Response:
    if outcome is None:
        telemetry.count("PendingAnswers")
        return answers.pending(request, pending.request_id)
    told = judging.judged_later(outcome, pending.terms, resources.settings().application_type)
    answers.require_room_for(told.result)
    event = inferring.recording(ANYONE, telemetry)  # if it is kept is known by its own terms
    fate = event.complete_later(pending.event, told.result, is_kept=told.is_kept)
    return answers.inference(told.result, request.request_id, fate)


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


def _parsed(request: Request, caller: Caller, telemetry: Telemetry) -> InferenceRequest:
    declared = declared_camera(request)
    telemetry.identify(request.request_id, camera_id=caller.camera_id or declared)
    settings = resources.settings()
    bare = request.without_credential() if caller.is_known else request
    asked = parse(bare, settings.application_type, as_older_json=settings.older_short_size is not None)
    claim = asked.camera_id if asked.camera_id != UNKNOWN else None
    asked = replace(
        asked,
        camera_id=caller.camera_id or asked.camera_id,
        notes=inferring.notes(caller, claim),
        respond_async=prefers_async(request.headers),
    )
    telemetry.received(asked)
    logger.append_keys(api_request_id=request.request_id, camera_id=asked.camera_id)
    return asked
