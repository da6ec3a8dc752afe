"""The request for the model, and its event, of a push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from inference_api import found_frames, inferring
from inference_api.errors import InvalidRequestError
from inference_api.messages import Frame, InferenceRequest, short_word
from inference_api.proxy import Request
from inference_api.pushes import facts
from inference_api.settings import COMPARISON, CUSTOM, Settings

if TYPE_CHECKING:
    from camera_push.push import Push
    from inference_api.identity.caller import Caller

_WHOLE_SCENE = "background"


def request_of(sent: Request, push: Push, caller: Caller, *, camera_id: str, claim: str | None) -> InferenceRequest:
    """All pictures as frames of one event, with the words of the camera.

    Args:
        sent: the request.
        push: what was read of it.
        caller: the camera, as far as it is proven.
        camera_id: the camera of the event.
        claim: the camera's name by header or path.

    Raises:
        InvalidRequestError: there are more pictures than a request may have.
    """
    if len(push.pictures) > found_frames.MOST_FRAMES:
        raise InvalidRequestError(
            f"the push has {len(push.pictures)} pictures; send at most {found_frames.MOST_FRAMES}"
        )
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
    """The roles of the frames that the model sees: of all, or of the scene's where it takes one a request.

    Raises:
        InvalidRequestError: the application compares faces.
    """
    if settings.application_type == COMPARISON:
        raise InvalidRequestError(
            "this application compares faces, and takes no pushed pictures; send two pictures to /inference"
        )
    roles = tuple(asked.frames)
    if settings.application_type != CUSTOM and settings.older_short_size is None:
        return roles
    scenes = [number for number, picture in enumerate(push.pictures) if picture.role == _WHOLE_SCENE]
    largest = max(scenes or range(len(roles)), key=lambda number: len(push.pictures[number].body))
    return (roles[largest],)


def for_model(asked: InferenceRequest, frames: Sequence[Frame], application_type: str) -> InferenceRequest:
    """The request with the frames that the model sees."""
    accept = "*/*" if application_type == CUSTOM else asked.accept
    return replace(asked, frames=found_frames.numbered(frames), accept=accept)
