"""Check of a built-in application's answer to the trial: what no network of the right kind answers is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON, IMAGE_CLASSIFICATION
from workbench.errors import PackageError

_CERTAIN = 0.25
"""Boxes of a lower score are noise, of which some lie in the padding beside the frame, and never most."""

_FEW = 0.1
"""Share of certain boxes that may lie at the frame's edge without an area, as some of untrained networks do."""

_ROUNDING = 1e-3
_FITS = "check head, preprocessing and target_class in model.json, and how the network was exported (docs/models.md)"


def check(application: str, response: httpx.Response) -> bool:
    """Check the answer of a built-in application; a program of the user's own may answer anything.

    Returns:
        False where the model found nothing, of which nothing can be checked.

    Raises:
        PackageError: a number cannot be right; the message says what is expected.
    """
    if application == CUSTOM:
        return True
    answer = response.json(parse_constant=_refuse_constant)
    if application == FACE_COMPARISON:
        _check_comparison(answer)
        return answer["SourceImageFace"] is not None
    frames = answer.get("results", [answer])
    if application == IMAGE_CLASSIFICATION:
        for frame in frames:
            _check_range("a score", frame["scores"], 0, 1)
            _check_names(frame["labels"], len(frame["scores"]))
        return any(frame["labels"] for frame in frames)
    for frame in frames:
        _check_detections(frame)
    return any(frame["bbox_scores"] for frame in frames)


def _check_detections(frame: Mapping[str, Any]) -> None:
    scores = [score for (score,) in frame["bbox_scores"]]
    _check_range("a score", scores, 0, 1)
    _check_names(frame["bbox_labels"], len(scores))
    size = f"{frame['width']} x {frame['height']} pixels"
    outside = [
        (score, box)
        for score, box in zip(scores, frame["bbox_coords"], strict=True)
        if not _has_area(box, frame["width"], frame["height"])
    ]
    frame_size = frame["width"], frame["height"]
    certain = [box for score, box in zip(scores, frame["bbox_coords"], strict=True) if score >= _CERTAIN]
    is_few = sum(_is_at_edge(box, *frame_size) for box in certain) <= _FEW * len(certain)
    for score, box in outside:
        if score >= _CERTAIN and not (_is_thin(box, *frame_size) or (is_few and _is_at_edge(box, *frame_size))):
            raise PackageError(
                f"the model answers a box {box} with a score of {score:g}, which has no area in the frame of {size}; "
                f"{_FITS}"
            )
    if len(outside) < len(scores):  # lines alone are no answer
        outside = [(score, box) for score, box in outside if not _is_line(box, *frame_size)]
    if len(outside) * 2 > len(scores):
        raise PackageError(
            f"{len(outside)} of the {len(scores)} boxes of all scores have no area in the frame of {size}, such as "
            f"{outside[0][1]} with a score of {outside[0][0]:g}; {_FITS}"
        )


def _check_names(names: Sequence[str], count: int) -> None:
    if len(names) != count or not all(names):
        raise PackageError(
            f"the model answers {count} scores with the names {list(names)}; give each class one in 'classes' of "
            "model.json, or leave it out"
        )


def _has_area(box: Sequence[float], width: float, height: float) -> bool:
    x_min, y_min, x_max, y_max = box
    return 0 <= x_min < x_max <= width and 0 <= y_min < y_max <= height


def _is_thin(box: Sequence[float], width: float, height: float) -> bool:
    """Return whether a box lies inside the frame, less than a pixel wide or high; in whole pixels it has no area."""
    return _is_flat(box, width, height) and not _is_at_edge(box, width, height)


def _is_line(box: Sequence[float], width: float, height: float) -> bool:
    """Return whether a box is thin, but longer than those that are shares of the frame taken for pixels.

    Networks that are not trained have such boxes: FCOS, whose distances to the sides are not below 0, has many.
    """
    x_min, y_min, x_max, y_max = box
    return _is_thin(box, width, height) and max(x_max - x_min, y_max - y_min) > 1


def _is_at_edge(box: Sequence[float], width: float, height: float) -> bool:
    """Return whether a box was cut off at an edge of the frame, or is less than a pixel wide there."""
    x_min, y_min, x_max, y_max = box
    is_at_edge = x_min == x_max in (0, width) or y_min == y_max in (0, height)
    return is_at_edge and _is_flat(box, width, height)


def _is_flat(box: Sequence[float], width: float, height: float) -> bool:
    x_min, y_min, x_max, y_max = box
    return 0 <= x_min <= x_max <= width and 0 <= y_min <= y_max <= height and (x_min == x_max or y_min == y_max)


def _check_comparison(answer: Mapping[str, Any]) -> None:
    matches = answer["FaceMatches"]
    faces = [face for face in (answer["SourceImageFace"], *(match["Face"] for match in matches)) if face is not None]
    _check_range("a confidence", (face["Confidence"] for face in faces), 0, 1)
    _check_range("a similarity", (match["Similarity"] for match in matches), -1, 1)
    for face in faces:
        x_min, y_min, x_max, y_max = face["BoundingBox"]
        if not (0 <= x_min < x_max and 0 <= y_min < y_max):
            raise PackageError(f"the model answers a face at {face['BoundingBox']}, outside its image; {_FITS}")


def _check_range(what: str, values: Iterable[float], least: float, most: float) -> None:
    for value in values:
        if not isinstance(value, int | float) or not least - _ROUNDING <= value <= most + _ROUNDING:
            raise PackageError(f"the model answers {what} of {value}, and expected is {least} to {most}; {_FITS}")


def _refuse_constant(name: str) -> None:
    raise PackageError(f"the model answers {name}, which is no number; {_FITS}")
