"""Answers read from an exporter's file and from the service's JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import ParityError
from workbench.parity import answers
from workbench.parity.answers import Found


def test_detections_come_back_to_pixels() -> None:
    answer = {
        "width": 200,
        "height": 100,
        "bbox_scores": [[0.9]],
        "bbox_coords": [[0.1, 0.2, 0.5, 1.0]],
        "bbox_labels": ["cat"],
    }
    assert answers.of_service(answer) == (Found("cat", 0.9, (20, 20, 100, 100)),)


def test_classes_and_matches() -> None:
    assert answers.of_service({"labels": ["cat"], "scores": [0.75]}) == (Found("cat", 0.75),)
    match = {"Similarity": 0.4, "Face": {"BoundingBox": [1, 2, 3, 4]}}
    assert answers.of_service({"FaceMatches": [match]}) == (Found("face", 0.4, (1, 2, 3, 4)),)


def test_the_file_of_an_exporter(tmp_path: Path) -> None:
    document = {
        "model": ["a.onnx", "b.onnx"],
        "exporter": "torchvision 1",
        "threshold": 0.2,
        "answers": [{"frame": "/f.jpg", "found": [{"name": "cat", "score": 0.5, "box": [1, 2, 3, 4]}]}],
    }
    (tmp_path / "expected.json").write_text(json.dumps(document))
    exported = answers.read(tmp_path)
    assert exported.model == f"{tmp_path / 'a.onnx'}+{tmp_path / 'b.onnx'}"
    assert exported.answers[0].found == (Found("cat", 0.5, (1, 2, 3, 4)),)


@pytest.mark.parametrize("text", ["", "{", '{"model": []}'])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "expected.json").write_text(text)
    with pytest.raises(ParityError, match=r"expected\.json is not an exporter's"):
        answers.read(tmp_path)
