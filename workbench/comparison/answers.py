"""Findings in an answer's JSON, of a run here and of a batch transform job alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.camera import report
from workbench.errors import ComparisonError

Box = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max in pixels of the frame."""


@dataclass(frozen=True)
class Finding:
    """A class with its score, 0 to 1, and its box; None for a class of the whole frame."""

    label: str
    score: float
    box: Box | None = None


@dataclass(frozen=True)
class Answer:
    """Answer to one frame.

    Attributes:
        findings: boxes that are sure enough, or the first class of a classifier; the best first.
        scores: scores by class as a classifier answers them; empty for a detector.
    """

    findings: tuple[Finding, ...]
    scores: Mapping[str, float]


def parsed(body: bytes, *, unnamed: str, min_confidence: float) -> Answer:
    """Read an answer.

    Args:
        body: the answer's JSON.
        unnamed: the class of boxes where the answer has no ``bbox_labels``.
        min_confidence: boxes with a lower score are left out. The first class of a classifier counts whatever its
            score.

    Raises:
        ComparisonError: it is no answer of a detector or a classifier.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ComparisonError("an answer is not JSON; name models for detection or classification") from error
    if report.is_detection(document):
        return Answer(_boxes(document, unnamed, min_confidence), {})
    if isinstance(document, dict) and {"labels", "scores"} <= set(document):
        scores = dict(zip(document["labels"], document["scores"], strict=True))
        return Answer(tuple(Finding(label, score) for label, score in list(scores.items())[:1]), scores)
    raise ComparisonError("an answer has neither boxes nor labels; name models for detection or classification")


def _boxes(document: Mapping[str, Any], unnamed: str, min_confidence: float) -> tuple[Finding, ...]:
    count = len(document["bbox_scores"])
    labels = document.get("bbox_labels") or [unnamed] * count
    found = [
        Finding(label or unnamed, score, (box[0], box[1], box[2], box[3]))
        for label, (score,), box in zip(labels, document["bbox_scores"], document["bbox_coords"], strict=True)
        if score >= min_confidence
    ]
    return tuple(sorted(found, key=lambda finding: -finding.score))
