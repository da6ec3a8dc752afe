from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from workbench.comparison.answers import Finding
from workbench.comparison.pictures import colours, write
from workbench.errors import WorkbenchError


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "frame.png"), np.zeros((100, 320, 3), np.uint8))
    return tmp_path / "frame.png"


def test_both_answers_side_by_side_in_the_colours_of_the_classes(frame: Path, tmp_path: Path) -> None:
    person, car = Finding("person", 0.9, (20, 40, 120, 90)), Finding("car", 0.8, (20, 40, 120, 90))
    drawn_in = colours(["person", "car"])
    write(frame, [("old", [person]), ("new", [car])], tmp_path / "out.png", drawn_in=drawn_in)
    picture = cv2.imread(str(tmp_path / "out.png"))
    assert picture is not None
    assert picture.shape[1] == 2 * 640 + 8  # frames are drawn at a width of 640, so twice as large here
    row = picture[28 + 2 * 65]
    assert tuple(row[2 * 20]) == drawn_in["person"]
    assert tuple(row[648 + 2 * 20]) == drawn_in["car"]


def test_classes_of_the_whole_frame_are_written_below_each_other(frame: Path, tmp_path: Path) -> None:
    classes = [Finding("tabby", 0.6), Finding("tiger cat", 0.3)]
    drawn_in = colours(["tabby", "tiger cat"])
    write(frame, [("a", classes), ("ü b", [])], tmp_path / "out.png", drawn_in=drawn_in)
    picture = cv2.imread(str(tmp_path / "out.png"))
    assert picture is not None
    assert [bool((picture[:, :640] == drawn_in[each.label]).all(axis=2).any()) for each in classes] == [True, True]


def test_a_frame_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    with pytest.raises(WorkbenchError, match="as an image"):
        write(tmp_path / "a.jpg", [("a", [])], tmp_path / "out.png", drawn_in={})


def test_colours_of_many_classes_can_be_told_apart() -> None:
    found = np.array(list(colours(map(str, range(12))).values()), float)
    apart = np.abs(found[:, None] - found[None]).sum(axis=2)
    assert apart[~np.eye(12, dtype=bool)].min() > 60
