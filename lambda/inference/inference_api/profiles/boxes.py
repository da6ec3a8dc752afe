"""The boxes of a detection that pass: by score, name, size and place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from camera_registry.profiles import Profile
from inference_api.profiles import polygons
from inference_api.profiles.cut import Cut, by_name, number, scores_enough

_COORDINATES, _SCORES, _LABELS = "bbox_coords", "bbox_scores", "bbox_labels"
_PARALLEL = "bbox_"  # lists with one entry a box
_ROUNDING = 1e-9  # so that a box of exactly the least size passes
Box = tuple[float, float, float, float]


def cut(frame: Any, profile: Profile, *, is_normalized: bool, limit: int | None) -> Cut:
    """Cut the answer of one frame.

    A box whose score or coordinates are no numbers does not pass where the profile asks for them. Names are not asked
    for where the answer has none, as that of a container from before ``bbox_labels``.

    Args:
        frame: the answer; all of its lists ``bbox_*`` with one entry a box are cut alike.
        profile: that of the camera.
        is_normalized: true when the client asked for boxes from 0 to 1 in place of pixels.
        limit: most boxes, the best first; None for all.

    Raises:
        ValueError: it is no detection.
    """
    coordinates = frame.get(_COORDINATES) if isinstance(frame, dict) else None
    if not isinstance(coordinates, list):
        raise ValueError("no detection")
    found = len(coordinates)
    parallel = {
        name: listed
        for name, listed in frame.items()
        if isinstance(name, str) and name.startswith(_PARALLEL) and isinstance(listed, list) and len(listed) == found
    }
    passing = _passing(frame, parallel, profile, is_normalized=is_normalized)
    left_out = found - len(passing)
    kept = {name: [listed[at] for at in passing[:limit]] for name, listed in parallel.items()}
    return Cut({**frame, **kept, "boxes_left_out": left_out}, found, left_out)


def _passing(
    frame: dict[str, Any], parallel: dict[str, list[Any]], profile: Profile, *, is_normalized: bool
) -> list[int]:
    """Indexes of the boxes that pass."""
    places: Sequence[int] = range(len(parallel[_COORDINATES]))
    if profile.min_confidence is not None:
        scores = _listed(frame, parallel, _SCORES)
        places = [at for at in places if scores_enough(profile, scores[at])]
    if profile.classes is not None and _LABELS in frame:
        is_wanted, names = by_name(profile), _listed(frame, parallel, _LABELS)
        places = [at for at in places if is_wanted(names[at])]
    if any(limit is not None for limit in (profile.regions, profile.min_box, profile.max_box)):
        shares, fits = _in_shares(frame, is_normalized=is_normalized), _geometry(profile)
        places = [at for at in places if (box := shares[at]) is not None and fits(box)]
    return list(places)


def _listed(frame: dict[str, Any], parallel: dict[str, list[Any]], name: str) -> list[Any]:
    if name not in parallel:
        raise ValueError(f"{name} of {type(frame.get(name)).__name__} is not as long as the boxes")
    return parallel[name]


def _in_shares(frame: dict[str, Any], *, is_normalized: bool) -> list[Box | None]:
    """The boxes from 0 to 1 of the frame; None for one that is not four numbers."""
    boxes = [_four(box) for box in frame[_COORDINATES]]
    numbers = [each for box in boxes if box for each in box]
    # A container of the operator's own may answer shares unasked, or pixels in spite of being asked for shares.
    if not numbers or (
        all(-1 <= each <= 2 for each in numbers) and (is_normalized or any(each % 1 for each in numbers))
    ):
        return boxes
    width, height = number(frame.get("width")), number(frame.get("height"))
    if not width or not height or width < 0 or height < 0:
        raise ValueError("no size of the frame")
    return [box and (box[0] / width, box[1] / height, box[2] / width, box[3] / height) for box in boxes]


def _four(box: Any) -> Box | None:
    numbers = [number(each) for each in box] if isinstance(box, list) and len(box) == 4 else [None]
    return None if None in numbers else tuple(numbers)  # type: ignore[return-value]


def _geometry(profile: Profile) -> Callable[[Box], bool]:
    """The test of a box's size and place."""
    least, largest = profile.min_box or (0.0, 0.0), profile.max_box or (float("inf"), float("inf"))
    regions = [(polygons.bounds(polygon), polygon) for polygon in profile.regions or ()]

    def fits(box: Box) -> bool:
        width, height = box[2] - box[0], box[3] - box[1]
        if width + _ROUNDING < least[0] or height + _ROUNDING < least[1]:
            return False
        if width - _ROUNDING > largest[0] or height - _ROUNDING > largest[1]:
            return False
        # Where the object stands: the middle of the lower edge, within the frame.
        x, y = _within((box[0] + box[2]) / 2), _within(box[3])
        return not regions or any(
            left <= x <= right and upper <= y <= lower and polygons.contains(polygon, x, y)
            for (left, right, upper, lower), polygon in regions
        )

    return fits


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
