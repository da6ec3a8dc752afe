"""The labels of a classifier's answer that pass: those with the score and the names that the profile asks for."""

from __future__ import annotations

from typing import Any

from camera_registry.profiles import Profile
from inference_api.profiles.cut import Cut, by_name, scores_enough


def cut(frame: Any, profile: Profile) -> Cut:
    """Cut the answer of one frame; regions and sizes mean nothing here.

    Raises:
        ValueError: it is no classifier's answer.
    """
    names, scores = (frame.get("labels"), frame.get("scores")) if isinstance(frame, dict) else (None, None)
    if not isinstance(names, list) or not isinstance(scores, list) or len(names) != len(scores):
        raise ValueError("no classification")
    is_wanted = by_name(profile)
    kept = [at for at, name in enumerate(names) if scores_enough(profile, scores[at]) and is_wanted(name)]
    left_out = len(names) - len(kept)
    parallel = {key: [listed[at] for at in kept] for key, listed in (("labels", names), ("scores", scores))}
    return Cut({**frame, **parallel, "labels_left_out": left_out}, len(names), left_out)
