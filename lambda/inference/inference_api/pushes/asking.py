"""The request for the model, and its event, of a push."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inference_api import inferring
from inference_api.errors import InvalidRequestError
from inference_api.messages import Frame, InferenceRequest, short_word
from inference_api.parsing import found_frames
from inference_api.proxy import Request
from inference_api.pushes import choosing, facts
from inference_api.sagemaker import limits
from inference_api.settings import COMPARISON, CUSTOM, Settings

if TYPE_CHECKING:
    from camera_push.push import Push
    from inference_api.identity.caller import Caller


def request_of(sent: Request, push: Push, caller: Caller, *, camera_id: str, claim: str | None) -> InferenceRequest:
    """All pictures as frames of one event, with the words of the camera.

    Args:
        sent: the request.
        push: what was read of it.
        caller: the camera, as far as it is proven.
        camera_id: the camera of the event.
        claim: the camera's name by header or path.
    """
    frames = found_frames.numbered([Frame(picture.body) for picture in push.pictures])
    client_id, timestamp = sent.word("x-request-id"), sent.word("x-timestamp") or (push.time.raw if push.time else None)
    return InferenceRequest(
        frames,
        camera_id=camera_id,
        client_request_id=None if client_id is None else short_word(client_id),
        timestamp=None if timestamp is None else short_word(timestamp),
        notes={**inferring.notes(caller, claim), "push": facts.of_push(push, list(frames))},
        respond_async=True,
    )


def roles_for_model(asked: InferenceRequest, push: Push, settings: Settings) -> tuple[str, ...]:
    """The roles of the frames that the model sees: of all that a request takes, and of the scene's before all others.

    Raises:
        InvalidRequestError: the application compares faces.
    """
    if settings.application_type == COMPARISON:
        raise InvalidRequestError(
            "this application compares faces, and takes no pushed pictures; send two pictures to /inference"
        )
    numbers = choosing.seen(
        push.pictures,
        takes_one=settings.application_type == CUSTOM or settings.older_short_size is not None,
        room=None if settings.is_async else limits.largest(settings.endpoint_type),
    )
    roles = tuple(asked.frames)
    return tuple(roles[number] for number in numbers)


def marked(asked: InferenceRequest, roles: Collection[str]) -> InferenceRequest:
    """The request with a mark at each picture of its event that the model does not see."""
    if len(roles) == len(asked.frames):
        return asked
    told = asked.notes["push"]
    pictures = [each if each["frame"] in roles else {**each, "seen": False} for each in told["pictures"]]
    return _with_word(asked, pictures=pictures)


def refused(asked: InferenceRequest, reason: str) -> InferenceRequest:
    """The request whose event tells why there is no answer about its pictures."""
    return _with_word(asked, refused=short_word(reason))


def _with_word(asked: InferenceRequest, **words: Any) -> InferenceRequest:
    return replace(asked, notes={**asked.notes, "push": {**asked.notes["push"], **words}})


def for_model(asked: InferenceRequest, frames: Sequence[Frame], application_type: str) -> InferenceRequest:
    """The request with the frames that the model sees."""
    accept = "*/*" if application_type == CUSTOM else asked.accept
    return replace(asked, frames=found_frames.numbered(frames), accept=accept)
