"""Findings in an answer's JSON, of a run here and of a batch transform job alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import ipc_ai_catalogue as catalogue
from workbench.camera import report
from workbench.camera.report import Finding
from workbench.errors import ComparisonError

_NAMELESS = "object"  # of containers of earlier versions, which answer one class


@dataclass(frozen=True)
class Answer:
    """Answer to one frame.

    Attributes:
        findings: boxes that are sure enough, or the first class of a classifier; the best first.
        classes: all classes of a classifier's answer, the best first; empty for a detector.
    """

    findings: Sequence[Finding]
    classes: Sequence[Finding] = ()


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
            boxes = report.detections(document, min_score=self._least)
            return Answer([each._replace(name=self._only or self._name(each.name)) for each in boxes])
        if report.is_classification(document):
            classes = [each._replace(name=self._name(each.name)) for each in report.classes(document, min_score=0)]
            return Answer(classes[:1], classes)
        raise ComparisonError("an answer has neither boxes nor labels; name models for detection or classification")

    def _name(self, name: str) -> str:
        """Name of a class as it was first spelled: the API takes names in any case, too."""
        return self._spelled.setdefault(name.lower(), name or _NAMELESS)
