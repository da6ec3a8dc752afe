"""Findings of an answer, as values and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.markup import escape
from rich.table import Table

SURE_ENOUGH = 0.3
"""Score from which boxes are shown where no other is asked for."""


class Finding(NamedTuple):
    """A detection, a match, or a class of the frame as a whole.

    Attributes:
        score: its score or similarity.
        box: x_min, y_min, x_max, y_max in pixels of the frame; None for the frame as a whole.
        name: its class; empty for a match.
    """

    score: float
    box: list[float] | None
    name: str = ""


Found = list[Finding]


def is_detection(document: Any) -> bool:
    """Return whether this is an answer of a detection."""
    if not isinstance(document, dict) or not {"width", "height", "bbox_scores", "bbox_coords"} <= set(document):
        return False
    scores, boxes = document["bbox_scores"], document["bbox_coords"]
    lists = isinstance(scores, list) and isinstance(boxes, list) and len(scores) == len(boxes)
    return lists and all(isinstance(score, list) and len(score) == 1 for score in scores)


def is_comparison(document: Any) -> bool:
    """Return whether this is an answer of face comparison."""
    return isinstance(document, dict) and {"SourceImageFace", "FaceMatches"} <= set(document)


def is_classification(document: Any) -> bool:
    """Return whether this is an answer of a classification."""
    if not isinstance(document, dict) or not {"width", "height", "labels", "scores"} <= set(document):
        return False
    labels, scores = document["labels"], document["scores"]
    are_numbers = isinstance(scores, list) and all(isinstance(score, int | float) for score in scores)
    return are_numbers and _are_names(labels, len(scores))


def _are_names(value: Any, count: int) -> bool:
    """Return whether this is a name for each of ``count`` findings, which a program of the operator's may have not."""
    return isinstance(value, list) and len(value) == count and all(isinstance(name, str) for name in value)


def findings(answer: Any, *, min_score: float | None = None) -> Found | None:
    """Findings of an answer of a built-in application, best first; None for any other document.

    Args:
        answer: the JSON.
        min_score: weakest box or class; None for boxes that are sure enough, and for all classes.
    """
    if is_comparison(answer):
        return matches(answer)
    if is_detection(answer):
        return detections(answer, min_score=SURE_ENOUGH if min_score is None else min_score)
    return classes(answer, min_score=min_score or 0) if is_classification(answer) else None


def detections(answer: Mapping[str, Any], *, min_score: float) -> Found:
    """Detections with a score of at least ``min_score``, best first; containers of earlier versions name none."""
    names, count = answer.get("bbox_labels"), len(answer["bbox_scores"])
    labels: list[str] = names if isinstance(names, list) and _are_names(names, count) else [""] * count
    each = zip(answer["bbox_scores"], answer["bbox_coords"], labels, strict=True)
    return [Finding(score, box, name) for (score,), box, name in each if score >= min_score]


def detection_table(answer: Mapping[str, Any], *, min_score: float) -> Table:
    """Table with a row for each box of at least ``min_score``; the caption counts the weaker ones."""
    shown = detections(answer, min_score=min_score)
    weaker = len(answer["bbox_scores"]) - len(shown)
    table = _table(f"{len(shown)} found in a frame of {answer['width']} x {answer['height']} pixels", "score", shown)
    table.caption = f"{weaker} weaker than {min_score:g} not shown" if weaker else None
    return table


def classes(answer: Mapping[str, Any], *, min_score: float) -> Found:
    """Classes of a frame as a whole with a score of at least ``min_score``, best first."""
    pairs = zip(answer["labels"], answer["scores"], strict=True)
    return [Finding(score, None, name) for name, score in pairs if score >= min_score]


def class_table(answer: Mapping[str, Any], *, min_score: float) -> Table:
    """Table with a row for each class of at least ``min_score``."""
    title = f"a frame of {answer['width']} x {answer['height']} pixels"
    return _table(title, "score", classes(answer, min_score=min_score))


def matches(answer: Mapping[str, Any], *, target: int = 0) -> Found:
    """Similarities and boxes of the faces of one target image, most alike first."""
    return [
        Finding(match["Similarity"], match["Face"]["BoundingBox"])
        for match in answer["FaceMatches"]
        if match.get("TargetImage", 0) == target
    ]


def comparison_table(answer: Mapping[str, Any], *, target: int, name: str) -> Table:
    """Table with a row for each face of one target image."""
    source = answer["SourceImageFace"]
    title = f"{escape(name)}: alike to the source's face" if source else "there is no face in the source"
    return _table(title, "similarity", matches(answer, target=target))


def _table(title: str, heading: str, rows: Found) -> Table:
    table = Table(title=title)
    names = ["class"] if any(finding.name for finding in rows) else []
    edges = [] if any(finding.box is None for finding in rows) else ["x min", "y min", "x max", "y max"]
    for column in ("#", heading, *names, *edges):
        table.add_column(column, justify="left" if column == "class" else "right")
    for number, finding in enumerate(rows, start=1):
        named = [escape(finding.name)] if names else []
        table.add_row(str(number), f"{finding.score:.3f}", *named, *(f"{edge:.0f}" for edge in finding.box or ()))
    return table
