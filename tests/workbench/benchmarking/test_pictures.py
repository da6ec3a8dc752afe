from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from workbench.benchmarking.pictures import side_by_side


def test_frames_stand_beside_each_other_three_in_a_row_in_their_order(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    pictures = []
    for number, colour in enumerate(colours):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.full((100, 200, 3), colour, np.uint8))
        pictures.append((path, [f"variant {number}", "x" * 300]))
    side_by_side(pictures, tmp_path / "together.png")
    together = cv2.imread(str(tmp_path / "together.png"))
    assert together is not None
    height, width = together.shape[:2]
    found = [together[height // 4, width * (2 * column + 1) // 6].tolist() for column in range(3)]
    assert found == [list(colour) for colour in colours[:3]]
    assert together[height * 3 // 4, width // 6].tolist() == list(colours[3])
    assert together[height * 3 // 4, width // 2].tolist() == [255, 255, 255]
