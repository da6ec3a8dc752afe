"""Keeping a camera's frames and results, or not, and for how long."""

from __future__ import annotations

from camera_registry.profiles import Profile
from inference_api.profiles.passing import Passed


def may_keep(profile: Profile) -> bool:
    """False where nothing of the camera is ever stored, whatever the model finds."""
    return profile.keep != "nothing"


def is_kept(profile: Profile, passed: Passed) -> tuple[bool, str]:
    """True for an event that is stored, and the word of the profile that says so."""
    keep = profile.keep or "everything"
    if keep == "detections":
        return not passed.is_readable or passed.found > passed.left_out, keep
    return keep == "everything", keep


def retention(profile: Profile) -> str | None:
    """Days that the event is kept, ``7``, ``30`` or ``90``, or ``forever``; None for the bucket's own rule.

    It is the value of the tag ``retention`` of the event's objects.
    """
    return profile.retention
