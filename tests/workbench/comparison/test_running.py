"""Runs of tiny networks in the serving program's own code."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.benchmarking import variants
from workbench.benchmarking.variants import Variant
from workbench.comparison import running
from workbench.comparison.frames import Frame
from workbench.errors import ComparisonError

pytestmark = pytest.mark.processes


@pytest.fixture
def pair(tmp_path: Path) -> list[Variant]:
    write_yolox_onnx(tmp_path / "yolox_nano" / "yolox_nano.onnx")
    write_older_layout(tmp_path / "cells", "body_detector_cells")
    return variants.find([str(tmp_path / "yolox_nano"), str(tmp_path / "cells")], stores=[])


def test_both_models_answer_every_frame(
    pair: list[Variant], red_square_frame: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    grey, red, broken = (tmp_path / name for name in ("grey.png", "red.png", "broken.jpg"))
    cv2.imwrite(str(grey), np.full_like(red_square_frame, 128))
    cv2.imwrite(str(red), red_square_frame)
    broken.write_bytes(b"no image")
    told: list[None] = []
    paths = {Frame("broken"): broken, Frame("grey"): grey, Frame("red"): red}
    runs = running.run(pair, paths, done=lambda: told.append(None))
    for run in runs:
        found = {frame.name: json.loads(body)["bbox_scores"] for frame, body in run.answers.items()}
        assert set(found) == {"grey", "red"}
        assert any(score > 0.5 for (score,) in found["red"])
        assert not any(score > 0.5 for (score,) in found["grey"])
        assert [frame.name for frame in run.refused] == ["broken"]
        assert len(run.milliseconds) == len(run.processor_milliseconds) == 2
        assert all(worked > 0 for worked in run.processor_milliseconds)
    assert len(told) == 6


def test_no_frames_are_refused(pair: list[Variant]) -> None:
    with pytest.raises(ComparisonError, match="are gone"):
        running.run(pair, {})
