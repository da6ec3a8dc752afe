from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from workbench.camera.class_colours import colours
from workbench.camera.report import Finding
from workbench.comparison.pictures import write
from workbench.errors import WorkbenchError


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "frame.png"), np.zeros((100, 320, 3), np.uint8))
    return tmp_path / "frame.png"


def test_both_answers_side_by_side_in_the_colours_of_the_classes(frame: Path, tmp_path: Path) -> None:
    person, car = Finding(0.9, [20, 40, 120, 90], "person"), Finding(0.8, [20, 40, 120, 90], "car")
    write(frame, [("old", [person]), ("new", [car])], tmp_path / "out.png")
    picture = cv2.imread(str(tmp_path / "out.png"))
    assert picture is not None
    assert picture.shape == (28 + 200, 2 * 640 + 8, 3)  # frames are drawn at a width of 640, so twice as large here
    row = picture[28 + 2 * 80].astype(int)
    drawn_in = colours(["person", "car"])
    for left, name in ((0, "person"), (648, "car")):
        assert np.abs(row[left + 2 * 20] - drawn_in[name]).max() < 10


def test_classes_of_the_whole_frame_make_a_pane_as_high_as_it_must_be(frame: Path, tmp_path: Path) -> None:
    classes = [Finding(0.6, None, "tabby"), Finding(0.3, None, "tiger cat")]
    write(frame, [("a", classes), ("ü b", classes[:1])], tmp_path / "out.png")
    picture = cv2.imread(str(tmp_path / "out.png"))
    assert picture is not None
    assert picture.shape[0] > 28 + 200
    bottom = picture[-10:]
    assert bottom[:, :640].min() < 100  # the second class
    assert bottom[:, 648:].min() == 255


def test_a_frame_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    with pytest.raises(WorkbenchError, match="as an image"):
        write(tmp_path / "a.jpg", [("a", [])], tmp_path / "out.png")
