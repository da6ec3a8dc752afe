"""An answer under the profile of its camera: the boxes that pass, and whether its event is kept."""

from __future__ import annotations

from dataclasses import dataclass

from camera_registry.profiles import Profile
from inference_api.messages import Inference

_SILENT = Profile()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An answer without the boxes that the profile leaves out.

    Attributes:
        result: the answer.
        is_kept: true when its event is kept.
        left_out: number of boxes that were left out.
    """

    result: Inference
    is_kept: bool = True
    left_out: int = 0


def judged(result: Inference, profile: Profile, application: str) -> Judged:
    """Judge an answer; one of a camera whose profile says nothing stays as it is, to the byte."""
    if profile == _SILENT:
        return Judged(result=result)
    from inference_api.profiles.keeping import is_kept
    from inference_api.profiles.passing import passed

    told = passed(result, profile, application)
    kept, _ = is_kept(profile, told)
    return Judged(result=told.result, is_kept=kept, left_out=told.left_out)


def as_text(profile: Profile) -> str | None:
    """A profile for a message or a note; None for one that says nothing."""
    return None if profile == _SILENT else profile.as_json()


def of_text(text: str | None) -> Profile:
    """Read what ``as_text`` wrote."""
    from camera_registry.cameras import of_item

    return _SILENT if text is None else of_item({"profile": text})
