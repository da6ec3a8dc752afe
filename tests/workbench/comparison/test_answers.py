from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.camera.report import Finding
from workbench.comparison.answers import Answer, Reading
from workbench.errors import ComparisonError

SIZE = {"width": 640, "height": 480, "channels": 3}


def read(document: Any, application: str = "object-detection") -> Answer:
    return Reading(application, min_confidence=0.5).of(json.dumps(document).encode())


def test_boxes_without_names_are_of_the_one_class() -> None:
    answer = read(
        {**SIZE, "bbox_scores": [[0.9], [0.5], [0.4]], "bbox_coords": [[5, 6, 7, 8], [1, 2, 3, 4], [0, 0, 1, 1]]},
        "body-detection",
    )
    assert answer == Answer([Finding(0.9, [5, 6, 7, 8], "person"), Finding(0.5, [1, 2, 3, 4], "person")])


def test_boxes_with_names() -> None:
    document = {**SIZE, "bbox_scores": [[0.9], [0.8]], "bbox_coords": [[0, 0, 1, 1]] * 2, "bbox_labels": ["car", "dog"]}
    assert [finding.name for finding in read(document).findings] == ["car", "dog"]


def test_one_class_has_one_name_whatever_models_call_it() -> None:
    document = {**SIZE, "bbox_scores": [[0.9]], "bbox_coords": [[0, 0, 1, 1]], "bbox_labels": ["Pedestrian"]}
    assert read(document, "body-detection").findings[0].name == "person"
    reading = Reading("object-detection", min_confidence=0)
    spelled = [{**document, "bbox_labels": [name]} for name in ("TV", "tv")]
    assert [reading.of(json.dumps(each).encode()).findings[0].name for each in spelled] == ["TV", "TV"]


def test_the_first_class_of_a_classifier_whatever_its_score() -> None:
    answer = read({**SIZE, "labels": ["tabby", "tiger cat"], "scores": [0.4, 0.3]})
    tabby, tiger = Finding(0.4, None, "tabby"), Finding(0.3, None, "tiger cat")
    assert answer == Answer([tabby], [tabby, tiger])


@pytest.mark.parametrize("document", [{"SourceImageFace": None, "FaceMatches": []}, [1], "x"])
def test_other_answers_are_refused(document: Any) -> None:
    with pytest.raises(ComparisonError, match="neither boxes nor labels"):
        read(document)
    with pytest.raises(ComparisonError, match="is not JSON"):
        Reading("object-detection", min_confidence=0).of(b"\xff")
