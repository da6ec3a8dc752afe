"""The door for pushes: read -> recognise a sign of life -> let in -> infer, or queue -> reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from inference_api import inferring, judging, resources
from inference_api.errors import ApiError, InvalidImageError, StoreUnavailableError
from inference_api.events.event_recording import EventRecording
from inference_api.messages import EventFate, Inference, InferenceRequest, Pending
from inference_api.parsing import bodies, reading
from inference_api.parsing.frames import UNKNOWN
from inference_api.proxy import Request, Response
from inference_api.pushes import accepted, asking, facts, paths, replies
from inference_api.pushes.broken_pictures import Refusals
from inference_api.sign_of_life import Sign, sign_of_life

if TYPE_CHECKING:
    from camera_push.push import Push
    from inference_api.identity.caller import Caller
    from inference_api.metrics.telemetry import Telemetry

logger = Logger()
refusals = Refusals()
_NOTHING = Inference(b"null")  # the result of an event about whose pictures there is no answer
_FOR_EVER = frozenset({400, 413, 415, 422})  # refusals of pictures that no later time takes


@dataclass(frozen=True)
class _Pushed:
    """A push that was read, and all that its answer needs."""

    request: Request
    push: Push
    asked: InferenceRequest
    sign: Sign
    telemetry: Telemetry

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return self.request.request_id

    def may_refuse(self) -> bool:
        """Count a refusal; false where the device has repeated the body too often, and would for ever."""
        if not self.push.repeats:
            return True
        return refusals.may_refuse(self.asked.camera_id, bodies.bytes_of(self.request), self.sign.received)


def answer(request: Request, caller: Caller, telemetry: Telemetry) -> Response:
    """Answer a push.

    Raises:
        ApiError: it cannot be read, its pictures are broken, the camera's day is spent, or the endpoint failed.
    """
    with sign_of_life(caller, datetime.now(UTC)) as sign:
        pushed = _read(request, sign, telemetry)
        push = pushed.push
        if _is_mere_sign(push):
            telemetry.count("Heartbeats")
            return replies.bare(push.reply, request.request_id, EventFate.NOT_KEPT)
        event = inferring.recording(caller, telemetry)
        return _with_pictures(pushed, event) if push.pictures else _without_answer(pushed, event)


def _read(request: Request, sign: Sign, telemetry: Telemetry) -> _Pushed:
    place = paths.place_of(request)
    claim = facts.claimed_camera(request, place)
    telemetry.identify(request.request_id, camera_id=sign.caller.camera_id or claim or UNKNOWN)
    telemetry.count("Pushes")
    push = reading.read(request, place.rest)
    sign.device_time = push.time.utc if push.time else None
    camera_id = facts.camera_of(sign.caller, claim, push)
    logger.append_keys(api_request_id=request.request_id, camera_id=camera_id, vendor=push.vendor)
    if push.broken:
        telemetry.count("BrokenPictures", len(push.broken))
    asked = asking.request_of(request, push, sign.caller, camera_id=camera_id, claim=claim)
    pushed = _Pushed(request, push, asked, sign, telemetry)
    if push.broken and pushed.may_refuse():
        raise InvalidImageError("; ".join(push.broken))
    telemetry.received(asked)
    return pushed


def _is_mere_sign(push: Push) -> bool:
    """True for a heartbeat or a test, which makes no event."""
    from camera_push.push import Kind

    return push.kind is not Kind.EVENT and not push.pictures and not push.broken


def _without_answer(pushed: _Pushed, event: EventRecording) -> Response:
    """Store the words of a camera, and its pictures where no model takes them: there is no answer about them.

    Raises:
        StoreUnavailableError: they are not stored; a device that repeats may send them again.
    """
    event.begin(pushed.asked, request_id=pushed.request_id, received=pushed.sign.received)
    fate = event.complete(_NOTHING, is_kept=judging.keeps_without_boxes(pushed.sign.caller.profile))
    if fate is EventFate.LOST:
        raise StoreUnavailableError("the event cannot be stored now; send it again shortly")
    return replies.bare(pushed.push.reply, pushed.request_id, fate)


def _with_pictures(pushed: _Pushed, event: EventRecording) -> Response:
    """Infer now, or answer once the frames are safe."""
    settings, sign, reply = resources.settings(), pushed.sign, pushed.push.reply
    roles = asking.roles_for_model(pushed.asked, pushed.push, settings)
    pushed = replace(pushed, asked=asking.marked(pushed.asked, roles))
    admission = sign.let_in(len(pushed.push.pictures))
    pace = admission.next_frame_after_ms
    if not admission.is_looked_at:
        return replies.bare(reply, pushed.request_id, EventFate.NOT_KEPT, pace)
    if settings.push_queue_url and event.is_kept:
        _accept(pushed, roles, event, settings.push_queue_url)
        return replies.bare(reply, pushed.request_id, EventFate.NOT_KEPT, pace)
    frames = [pushed.asked.frames[role] for role in roles]
    try:
        outcome = inferring.run(
            pushed.asked,
            sign.caller,
            event,
            pushed.telemetry,
            request_id=pushed.request_id,
            received=sign.received,
            seen_by_model=asking.for_model(pushed.asked, frames, settings.application_type),
        )
    except ApiError as refusal:
        if refusal.status not in _FOR_EVER or pushed.may_refuse():
            raise
        refused = replace(pushed, asked=asking.refused(pushed.asked, str(refusal)))
        return _without_answer(refused, inferring.recording(sign.caller, pushed.telemetry))
    if isinstance(outcome.answer, Pending):  # the frames are in the endpoint's queue
        pushed.telemetry.count("PendingAnswers")
        return replies.bare(reply, pushed.request_id, EventFate.NOT_KEPT, pace)
    return replies.result(reply, outcome.answer, pushed.request_id, outcome.event, pace)


def _accept(pushed: _Pushed, roles: Sequence[str], event: EventRecording, url: str) -> None:
    """Store the frames, and put the push into the queue.

    Raises:
        StoreUnavailableError: one of the two did not take it; the device may send it again.
    """
    event.begin(pushed.asked, request_id=pushed.request_id, received=pushed.sign.received)
    left_open = event.leave_open()
    if not left_open:
        event.withdraw()
        raise StoreUnavailableError("the frames cannot be stored now; send them again shortly")
    push = accepted.AcceptedPush(
        request_id=pushed.request_id,
        camera_id=pushed.asked.camera_id,
        event=left_open,
        keys=[left_open["document"]["frames"][role] for role in roles],
        terms=judging.terms_of(pushed.asked, pushed.sign.caller.profile),
    )
    try:
        accepted.queue(resources.push_queue(), url, push)
    except StoreUnavailableError:
        event.withdraw()
        raise
    logger.info("push accepted", extra={"event_prefix": left_open["prefix"]})
