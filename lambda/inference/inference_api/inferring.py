"""Run the model over the frames of a request under its camera's profile, and store the event meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from inference_api import answers, judging, resources
from inference_api.events.event_recording import EventRecording
from inference_api.messages import EventFate, Inference, InferenceRequest, Pending

if TYPE_CHECKING:
    from inference_api.identity.caller import Caller
    from inference_api.metrics.telemetry import Telemetry


class Outcome(NamedTuple):
    """The fate of a request's frames.

    Attributes:
        answer: the model's, without the boxes that the profile leaves out; or the one to come.
        event: the fate of the event.
    """

    answer: Inference | Pending
    event: EventFate = EventFate.NOT_KEPT


def recording(caller: Caller, telemetry: Telemetry) -> EventRecording:
    """The event of a request, which has not begun."""
    is_kept = resources.settings().save_request_events and judging.may_keep(caller.profile)
    return EventRecording(lambda: resources.event_store(), telemetry, is_kept=is_kept)


def notes(caller: Caller, claim: str | None) -> dict[str, Any]:
    """Keys of an event: the name that the request gave, where it is not the proven one, and when the event ends."""
    is_other = caller.is_known and claim not in (None, caller.camera_id)
    told = {"camera_claim": claim} if is_other else {}
    return told | ({"retention": caller.profile.retention} if caller.profile.retention else {})


def run(
    asked: InferenceRequest,
    caller: Caller,
    event: EventRecording,
    telemetry: Telemetry,
    *,
    request_id: str,
    received: datetime,
    seen_by_model: InferenceRequest | None = None,
) -> Outcome:
    """Infer and store.

    Args:
        asked: the request, whose frames are stored.
        caller: the camera.
        event: its event, which has not begun.
        telemetry: the measurements of the request.
        request_id: its id.
        received: its time, in UTC.
        seen_by_model: the request with the frames that the model sees, where they are not all.

    Raises:
        ApiError: the endpoint refused or failed; the event is discarded.
    """
    event.begin(asked, request_id=request_id, received=received)
    profile, application = caller.profile, resources.settings().application_type
    sent = judging.for_model(seen_by_model or asked, profile, application)
    try:
        answer = _inferred(sent, request_id, event, telemetry)
        if isinstance(answer, Inference):
            told = judging.judged(answer, profile, application, asked.options)
            answers.require_room_for(told.result)
    except Exception as error:
        event.discard(error)
        raise
    if isinstance(answer, Pending):
        return Outcome(answer)
    telemetry.detected(told.result)
    for metric, number in told.counts.items():
        telemetry.count(metric, number)
    return Outcome(told.result, event.complete(told.result, is_kept=told.is_kept))


def _inferred(
    asked: InferenceRequest, request_id: str, event: EventRecording, telemetry: Telemetry
) -> Inference | Pending:
    with telemetry.timed("EndpointLatency"):
        if resources.settings().is_async:
            return resources.async_endpoint().infer(asked, request_id, leave_open=event.leave_open)
        return resources.endpoint().infer(asked, request_id)
