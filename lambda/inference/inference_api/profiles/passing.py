"""Cutting an answer down to the boxes, or the labels of a classifier, that a camera's profile lets pass.

Matches of a comparison pass whole: a profile speaks of what a model detects. So does an answer of another shape, which
only a container of the operator's own gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from camera_registry.profiles import Profile
from inference_api import strict_json
from inference_api.messages import Inference, InferenceRequest
from inference_api.profiles import boxes, labels
from inference_api.profiles.cut import Cut
from inference_api.settings import CLASSIFICATION, COMPARISON

_LIMIT = "max_results"
_NO_OPTIONS: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Passed:
    """An answer, cut down.

    Attributes:
        result: the answer with the boxes that passed; the very same where the profile says nothing of them.
        found: boxes that the model found, labels that a classifier answered, or matches of a comparison; 0 where the
            profile asks for none of them.
        left_out: how many of them did not pass.
        is_readable: false where the answer of a frame has a shape that the profile cannot be applied to; that frame
            passes unchanged.
    """

    result: Inference
    found: int = 0
    left_out: int = 0
    is_readable: bool = True


def asked(request: InferenceRequest, profile: Profile, application: str) -> InferenceRequest:
    """The request as the container is to get it, so that it leaves out no box before the profile does.

    A limit of boxes (``max_results``) holds for those that pass: ``passed`` cuts to it.
    """
    if application in (CLASSIFICATION, COMPARISON) or not profile.speaks_of_boxes or _LIMIT not in request.options:
        return request
    return replace(request, options={name: value for name, value in request.options.items() if name != _LIMIT})


def passed(result: Inference, profile: Profile, application: str, options: Mapping[str, Any] = _NO_OPTIONS) -> Passed:
    """Leave out what the profile does not let pass, and say in the answer how much that was.

    Args:
        result: the container's answer, for one frame or for several.
        profile: that of the camera.
        application: the endpoint's.
        options: those of the client's request, before ``asked``.
    """
    if not profile.speaks_of_boxes and profile.keep != "detections":
        return Passed(result)
    try:
        document: Any = result.document if result.is_json else None
        several = document.get("results") if isinstance(document, dict) else None
        frames = several if isinstance(several, list) else [document]
        cut = _cutter(profile, application, options)
        cuts = [_tried(cut, frame) for frame in frames]
        is_readable = all(each.is_readable for each in cuts)
        told = Passed(result, sum(each.found for each in cuts), sum(each.left_out for each in cuts), is_readable)
        if not profile.speaks_of_boxes or all(each.frame is frame for each, frame in zip(cuts, frames, strict=True)):
            return told
        left = [each.frame for each in cuts]
        body = strict_json.written({**document, "results": left} if several is frames else left[0]).encode()
    except (ValueError, RecursionError):
        return Passed(result, is_readable=False)
    return replace(told, result=replace(result, body=body, content_type=result.type_in_utf_8))


def _tried(cut: Callable[[Any], Cut], frame: Any) -> Cut:
    try:
        return cut(frame)
    except ValueError:
        return Cut(frame, is_readable=False)


def _cutter(profile: Profile, application: str, options: Mapping[str, Any]) -> Callable[[Any], Cut]:
    """The function that cuts the answer of one frame; it raises ValueError for one of another shape."""
    if application == COMPARISON:
        return _matches
    if application == CLASSIFICATION:
        return lambda frame: labels.cut(frame, profile)
    limit = options.get(_LIMIT)
    return lambda frame: boxes.cut(frame, profile, is_normalized=options.get("normalized") is True, limit=limit)


def _matches(frame: Any) -> Cut:
    matches = frame.get("FaceMatches") if isinstance(frame, dict) else None
    if not isinstance(matches, list):
        raise ValueError("no comparison")
    return Cut(frame, len(matches))
