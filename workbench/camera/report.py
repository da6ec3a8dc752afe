"""Findings of an answer, as values and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

Found = list[tuple[float, list[float]]]
"""Score, or similarity, and box of each detection, or match."""


def is_detection(document: Any) -> bool:
    """Return whether this is an answer of face or body detection."""
    if not isinstance(document, dict) or not {"width", "height", "bbox_scores", "bbox_coords"} <= set(document):
        return False
    scores, boxes = document["bbox_scores"], document["bbox_coords"]
    lists = isinstance(scores, list) and isinstance(boxes, list) and len(scores) == len(boxes)
    return lists and all(isinstance(score, list) and len(score) == 1 for score in scores)


def is_comparison(document: Any) -> bool:
    """Return whether this is an answer of face comparison."""
    return isinstance(document, dict) and {"SourceImageFace", "FaceMatches"} <= set(document)


def detections(answer: Mapping[str, Any], *, min_score: float) -> Found:
    """Detections with a score of at least ``min_score``, best first."""
    pairs = zip(answer["bbox_scores"], answer["bbox_coords"], strict=True)
    return [(score, box) for (score,), box in pairs if score >= min_score]


def detection_table(answer: Mapping[str, Any], *, min_score: float) -> Table:
    """Table with a row for each box of at least ``min_score``; the caption counts the weaker ones."""
    shown = detections(answer, min_score=min_score)
    weaker = len(answer["bbox_scores"]) - len(shown)
    table = _table(f"{len(shown)} found in a frame of {answer['width']} x {answer['height']} pixels", ["score"], shown)
    table.caption = f"{weaker} weaker than {min_score:g} not shown" if weaker else None
    return table


def matches(answer: Mapping[str, Any], *, target: int = 0) -> Found:
    """Similarities and boxes of the faces of one target image, most alike first."""
    return [
        (match["Similarity"], match["Face"]["BoundingBox"])
        for match in answer["FaceMatches"]
        if match.get("TargetImage", 0) == target
    ]


def comparison_table(answer: Mapping[str, Any], *, target: int, name: str) -> Table:
    """Table with a row for each face of one target image."""
    source = answer["SourceImageFace"]
    title = f"{escape(name)}: alike to the source's face" if source else "there is no face in the source"
    return _table(title, ["similarity"], matches(answer, target=target))


def _table(title: str, headings: Sequence[str], rows: Found) -> Table:
    table = Table(title=title)
    for heading in ("#", *headings, "x min", "y min", "x max", "y max"):
        table.add_column(heading, justify="right")
    for number, (score, box) in enumerate(rows, start=1):
        table.add_row(str(number), f"{score:.3f}", *(f"{edge:.0f}" for edge in box))
    return table
