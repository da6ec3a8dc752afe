from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image
from rich.console import Console

from workbench.camera.annotation import annotate, drawn
from workbench.camera.class_colours import colours
from workbench.camera.report import (
    Finding,
    class_table,
    classes,
    comparison_table,
    detection_table,
    detections,
    is_classification,
)
from workbench.errors import WorkbenchError

ANSWER = {
    "width": 200,
    "height": 100,
    "channels": 3,
    "bbox_scores": [[0.9], [0.1]],
    "bbox_coords": [[50, 40, 150, 90], [0, 0, 20, 20]],
}


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    path = tmp_path / "frame.png"
    cv2.imwrite(str(path), np.zeros((100, 200, 3), np.uint8))
    return path


def test_strong_boxes_are_drawn_and_weak_ones_are_not(frame: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "out.png"
    annotate(frame, detections(ANSWER, min_score=0.3), output)
    picture = cv2.imread(str(output))
    assert picture is not None
    assert picture.shape == (100, 200, 3)
    assert picture[90, 100].any()  # the strong box's lower edge
    assert not picture[10, 10].any()  # inside the weak one
    assert not picture[20, 0].any()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_boxes_lie_on_the_frame_as_displayed(suffix: str, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (200, 100)).save(tmp_path / f"frame{suffix}", exif=turned)
    annotate(tmp_path / f"frame{suffix}", [Finding(0.9, [10, 120, 60, 180])], tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert drawn.shape == (200, 100, 3)
    assert drawn[180, 30].any()


def test_exif_behind_another_segment_turns_the_picture_as_it_turns_the_boxes(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (200, 100)).save(tmp_path / "frame.jpg", exif=turned)
    body = (tmp_path / "frame.jpg").read_bytes()
    start = body.index(b"\xff\xe1")
    (tmp_path / "frame.jpg").write_bytes(body[:start] + b"\xff\xe1\x00\x08FLIR\x00\x01" + body[start:])
    annotate(tmp_path / "frame.jpg", [Finding(0.9, [10, 120, 60, 180])], tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert drawn.shape == (200, 100, 3)


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "frame.png"), np.full((100, 200), 0x8000, np.uint16))
    annotate(tmp_path / "frame.png", [], tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert (drawn == 128).all()


def test_a_class_has_one_colour_and_another_class_another(frame: Path, tmp_path: Path) -> None:
    found = [Finding(0.9, [5, 60, 30, 90], "helmet"), Finding(0.8, [60, 60, 90, 90], "vest")]
    found += [Finding(0.7, [120, 60, 150, 90], "helmet")]
    annotate(frame, found, tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    first, second, third = (drawn[90, x].tolist() for x in (15, 75, 135))
    assert first == third != second
    assert tuple(first) == colours(["helmet", "vest"])["helmet"]


def test_the_best_box_lies_on_top(frame: Path, tmp_path: Path) -> None:
    found = [Finding(0.9, [50, 50, 90, 90], "person"), Finding(0.5, [50, 50, 90, 90], "car")]
    annotate(frame, found, tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert tuple(drawn[90, 70].tolist()) == colours(["person", "car"])["person"]


def test_no_label_hides_another(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "frame.png"), np.zeros((400, 400, 3), np.uint8))
    crowd = [Finding(0.9 - number / 100, [100 + number, 100, 120 + number, 300], "person") for number in range(8)]
    pictures = []
    for found in (crowd[:3], crowd):
        annotate(tmp_path / "frame.png", found, tmp_path / "out.png")
        drawn = cv2.imread(str(tmp_path / "out.png"))
        assert drawn is not None
        pictures.append(drawn[:, 130:])  # right of the boxes
    assert (pictures[0] == pictures[1]).all()
    rows = pictures[0].any(axis=(1, 2))
    assert [rows[90], rows[108], rows[200], rows[308]] == [True, True, False, True]  # above, inside and below


def test_classes_of_the_whole_frame_stand_below_it(frame: Path, tmp_path: Path) -> None:
    answer = {"width": 200, "height": 100, "labels": ["tabby", "a very long name of a cat " * 5], "scores": [0.9, 0.1]}
    annotate(frame, classes(answer, min_score=0), tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert not drawn[:100].any()
    assert drawn.shape[0] > 115
    assert drawn.shape[1] == 200
    assert (drawn[100:] < 100).any()
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(class_table(answer, min_score=0.5))
    text = console.export_text()
    assert "tabby" in text
    assert "very long" not in text


def test_a_name_wider_than_the_picture_is_cut_and_its_score_is_not() -> None:
    first, second = (
        drawn(
            np.zeros((100, 200, 3), np.uint8), [Finding(score, [0, 40, 20, 60], "wide" * 30)], {"wide" * 30: (9, 9, 9)}
        )
        for score in (0.11, 0.99)
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("names", [["car"], [1, 2], "cd", [None, "car"]])
def test_labels_of_a_program_of_ones_own_that_are_no_names_are_left_out(names: Any) -> None:
    answer = ANSWER | {"bbox_labels": names}
    assert [finding.name for finding in detections(answer, min_score=0)] == ["", ""]
    assert not is_classification({"width": 1, "height": 1, "labels": names, "scores": [0.5, 0.4]})
    assert not is_classification({"width": 1, "height": 1, "labels": ["a"], "scores": [[0.5]]})


def test_a_file_that_is_no_picture(tmp_path: Path, frame: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(WorkbenchError, match=r"text\.png"):
        annotate(tmp_path / "text.png", [], tmp_path / "out.png")
    with pytest.raises(WorkbenchError, match=r"\.png or \.jpg"):
        annotate(frame, [], tmp_path / "out.unknown")


def test_the_table_counts_what_it_leaves_out() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(detection_table(ANSWER, min_score=0.3))
    text = console.export_text()
    assert "1 found in a frame of 200 x 100 pixels" in text
    assert "1 weaker than 0.3 not shown" in text
    assert "0.900" in text
    assert "class" not in text  # a container of an earlier version names none
    console.print(detection_table(ANSWER | {"bbox_labels": ["[red] car", "dog"]}, min_score=0.3))
    text = console.export_text()
    assert "[red] car" in text
    assert "dog" not in text


def test_the_table_of_a_comparison_is_of_one_target() -> None:
    face = {"BoundingBox": [1.4, 2, 30, 40.6], "Confidence": 0.9, "KeyPoints": {}}
    matches = [
        {"Similarity": 0.75, "Face": face, "TargetImage": 1},
        {"Similarity": 0.25, "Face": face, "TargetImage": 0},
    ]
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(comparison_table({"SourceImageFace": face, "FaceMatches": matches}, target=1, name="door.jpg"))
    text = console.export_text()
    assert "door.jpg" in text
    assert "0.750" in text
    assert "0.250" not in text
