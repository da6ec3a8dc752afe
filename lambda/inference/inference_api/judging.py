"""An answer under the profile of its camera: the boxes that pass, and whether its event is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from camera_registry.profiles import Profile
from inference_api.messages import Inference, InferenceRequest

_SILENT = Profile()


class Judged(NamedTuple):
    """An answer without the boxes that the profile leaves out.

    Attributes:
        result: the answer.
        is_kept: true when its event is kept.
        left_out: number of boxes that were left out.
        is_readable: false where the profile could not be applied to the answer of a frame, which passed as it is.
    """

    result: Inference
    is_kept: bool = True
    left_out: int = 0
    is_readable: bool = True

    @property
    def counts(self) -> dict[str, int]:
        """Counts by their metrics: boxes left out, and an answer that no profile can be applied to; none is 0."""
        counts = {"BoxesLeftOut": self.left_out, "UnreadableAnswers": int(not self.is_readable)}
        return {metric: number for metric, number in counts.items() if number}


def may_keep(profile: Profile) -> bool:
    """False where nothing of the camera is ever stored."""
    if profile == _SILENT:
        return True
    from inference_api.profiles import keeping

    return keeping.may_keep(profile)


def keeps_without_boxes(profile: Profile) -> bool:
    """True when an event is kept that has no picture, and so no box."""
    return profile.keep in (None, "everything")


def may_be_left_out(terms: Mapping[str, Any] | None) -> bool:
    """True where the profile keeps some events alone, so that frames which are gone may have been deleted for it."""
    return not keeps_without_boxes(profile_of(terms))


def for_model(request: InferenceRequest, profile: Profile, application: str) -> InferenceRequest:
    """The request as the container is to get it, so that it leaves out no box before the profile does.

    It has its terms: what an answer that comes later is judged by.
    """
    if profile == _SILENT:
        return request
    from inference_api.profiles.passing import asked

    return replace(asked(request, profile, application), terms=terms_of(request, profile))


def terms_of(request: InferenceRequest, profile: Profile) -> dict[str, Any] | None:
    """The values by which an answer that comes later is judged; None where the profile says nothing."""
    return None if profile == _SILENT else {"profile": profile.as_json(), "options": dict(request.options)}


def judged(result: Inference, profile: Profile, application: str, options: Mapping[str, Any]) -> Judged:
    """Judge an answer; one of a camera whose profile says nothing stays as it is, to the byte.

    Args:
        result: the container's answer.
        profile: that of the camera.
        application: the endpoint's.
        options: those of the client's request.
    """
    if profile == _SILENT:
        return Judged(result=result)
    from inference_api.profiles.keeping import is_kept
    from inference_api.profiles.passing import passed

    told = passed(result, profile, application, options)
    kept, _ = is_kept(profile, told)
    return Judged(result=told.result, is_kept=kept, left_out=told.left_out, is_readable=told.is_readable)


def judged_later(result: Inference, terms: Mapping[str, Any] | None, application: str) -> Judged:
    """Judge an answer by the terms of its request, which came earlier."""
    profile = profile_of(terms)
    return judged(result, profile, application, terms["options"] if terms else {})


def profile_of(terms: Mapping[str, Any] | None) -> Profile:
    """The profile in terms."""
    if terms is None:
        return _SILENT
    from camera_registry.cameras import of_item

    return of_item(terms)
