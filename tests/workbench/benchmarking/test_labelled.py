from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipc_ai_serving.models.classes import AnsweredClasses
from workbench.benchmarking import labelled
from workbench.errors import BenchmarkError

_LABEL = (
    "# Compatible with PASCAL Annotation Version 1.00\n"
    'Bounding box for object 1 "x" (Xmin, Ymin) - (Xmax, Ymax) : (11, 11) - (20, 20)\n'
)


def test_answers_of_clients_are_held_to_the_labels(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "unlabelled.png"):
        (tmp_path / name).touch()
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(_LABEL)
    frames = labelled.read(tmp_path)
    assert [frame.path.name for frame in frames] == ["a.png", "b.png"]
    answers = {
        "a.png": {"bbox_scores": [[0.9], [0.4]], "bbox_coords": [[10, 10, 20, 20], [10, 10, 20, 21]]},
        "b.png": {"bbox_scores": [], "bbox_coords": []},
    }
    found = labelled.measure(frames, lambda path: json.dumps(answers[path.name]).encode())
    assert found is not None
    assert (found.frames, found.labels) == (2, 2)
    assert (found.recall, found.precision) == (0.5, 1.0)


def test_boxes_are_right_only_for_labels_of_their_class(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    for name in ("car", "Dog", "moon"):
        box = "<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>20</xmax><ymax>20</ymax></bndbox>"
        (tmp_path / "a.xml").write_text(f"<annotation><object><name>{name}</name>{box}</object></annotation>")
        answer = {"bbox_scores": [[0.9]], "bbox_coords": [[10, 10, 20, 20]], "bbox_labels": ["car"]}
        classes = AnsweredClasses(("car", "dog"), "object")
        read = labelled.read(tmp_path)
        found = labelled.measure(read, lambda _: json.dumps(answer).encode(), classes=classes)  # noqa: B023 (at once)
        assert (found and found.recall) == {"car": 1, "Dog": 0, "moon": None}[name]


def test_frames_without_labels(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(BenchmarkError, match="no labels beside them"):
        labelled.read(tmp_path)
