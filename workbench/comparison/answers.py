"""Findings in an answer's JSON, of a run here and of a batch transform job alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ipc_ai_catalogue as catalogue
from workbench.camera import report
from workbench.errors import ComparisonError

_NAMELESS = "object"

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


class Reading:
    """Way to read the answers of an application, so that one class has one name in those of all models."""

    def __init__(self, application: str, *, min_confidence: float) -> None:
        """Read the answers of an application.

        Args:
            application: its name. Boxes of one that answers one class are of its first target, whatever the model
                calls them.
            min_confidence: boxes with a lower score are left out. The first class of a classifier counts whatever its
                score.
        """
        targets = catalogue.load().application(application).targets
        self._only = targets[0] if targets else None
        self._least = min_confidence
        self._spelled: dict[str, str] = {}

    def of(self, body: bytes) -> Answer:
        """Read an answer.

        Raises:
            ComparisonError: it is no answer of a detector or a classifier.
        """
        try:
            document = json.loads(body)
        except ValueError as error:
            raise ComparisonError("an answer is not JSON; name models for detection or classification") from error
        if report.is_detection(document):
            return Answer(self._boxes(document), {})
        if isinstance(document, dict) and {"labels", "scores"} <= set(document):
            scores = dict(zip(map(self._name, document["labels"]), document["scores"], strict=True))
            return Answer(tuple(Finding(label, score) for label, score in list(scores.items())[:1]), scores)
        raise ComparisonError("an answer has neither boxes nor labels; name models for detection or classification")

    def _boxes(self, document: Mapping[str, Any]) -> tuple[Finding, ...]:
        # Containers of earlier versions answer one class, without names.
        labels = document.get("bbox_labels") or [_NAMELESS] * len(document["bbox_scores"])
        found = [
            Finding(self._only or self._name(label), score, (box[0], box[1], box[2], box[3]))
            for label, (score,), box in zip(labels, document["bbox_scores"], document["bbox_coords"], strict=True)
            if score >= self._least
        ]
        return tuple(sorted(found, key=lambda finding: -finding.score))

    def _name(self, label: str) -> str:
        """Name of a class as it was first spelled: the API takes names in any case, too."""
        return self._spelled.setdefault(label.lower(), label)
