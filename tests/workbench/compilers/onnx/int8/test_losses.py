"""Losses of models whose 8 bits keep, or lose, the answers of 32."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper

from tests.tiny_models import write_classifier, write_yolox_onnx
from workbench.__main__ import main
from workbench.compilers.onnx.int8.losses import Loss

_SQUARE = (
    "<object><name>person</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"
)


def _write_frames(folder: Path, *frames: npt.NDArray[np.uint8]) -> Path:
    folder.mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{number}.png"), frame)
    return folder


def _plain(*colour: int) -> npt.NDArray[np.uint8]:
    return np.full((96, 96, 3), colour, np.uint8)


def _weighted(path: Path, weights: npt.NDArray[np.float32]) -> None:
    model = onnx.load(str(path))
    stored = next(each for each in model.graph.initializer if each.name == "weights")
    stored.CopyFrom(numpy_helper.from_array(weights.reshape(4, 3, 1, 1), "weights"))
    onnx.save(model, str(path))


def _compile(model: Path, output: Path, *words: str) -> int:
    return main(["compile", str(model), "--output", str(output), "--int8", "--json", *words])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_classifier_whose_best_classes_stay_is_written(
    tmp_path: Path, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_classifier(tmp_path / "colours", layout=layout)
    _weighted(tmp_path / "colours/colours.onnx", np.vstack([10 * np.eye(3), np.ones(3) / 9]).astype(np.float32))
    frames = _write_frames(tmp_path / "frames", _plain(0, 0, 255), _plain(0, 255, 0), _plain(255, 0, 0))
    assert _compile(tmp_path / "colours", tmp_path / "small", "--calibration", str(frames)) == 0
    report = json.loads(capsys.readouterr().out)
    assert {name: report["loss"][name] for name in ("measure", "count", "fp32", "int8", "refusal")} == {
        "measure": "best classes",
        "count": 3,
        "fp32": 1,
        "int8": 1,
        "refusal": None,
    }
    assert (tmp_path / "small/colours-int8.onnx").is_file()


def test_a_classifier_whose_best_classes_change_is_written_by_force_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_classifier(tmp_path / "colours")
    near = np.array([[1000, 0, 0], [1000, 0.5, 0], [0, 0, 1], [0, 0, 0]], np.float32)
    _weighted(tmp_path / "colours/colours.onnx", near)
    frames = _write_frames(tmp_path / "frames", _plain(0, 200, 255), _plain(0, 255, 128))
    words = ["--calibration", str(frames)]
    assert _compile(tmp_path / "colours", tmp_path / "small", *words) == 1
    printed, said = capsys.readouterr()
    assert json.loads(printed)["loss"]["refusal"] in said.splitlines()[-1]
    assert said.splitlines()[-1].startswith(
        "ipc-ai compile: colours is refused: 8 bits lose 100.0 points of best classes"
    )
    assert said.splitlines()[-1].endswith("--force; nothing was written")
    assert not (tmp_path / "small").exists()
    assert _compile(tmp_path / "colours", tmp_path / "small", *words, "--force") == 0
    assert (tmp_path / "small/colours-int8.onnx").is_file()


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """Red squares as YOLOX finds them, recognised without a description."""
    write_yolox_onnx(tmp_path / "red.onnx")
    model = onnx.load(str(tmp_path / "red.onnx"))
    stored = next(each for each in model.graph.initializer if each.name == "weights")
    # As in trained networks: ONNX Runtime rounds the bias of a filter of zeros to whole numbers.
    stored.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(stored) + np.float32(1e-6), "weights"))
    onnx.save(model, str(tmp_path / "red.onnx"))
    return tmp_path / "red.onnx"


@pytest.fixture
def dark(tmp_path: Path, red_square_frame: npt.NDArray[np.uint8]) -> Path:
    """Frames much darker than those to come: 8 bits of their ranges cut bright colours off."""
    return _write_frames(tmp_path / "dark", (red_square_frame // 12).astype(np.uint8))


@pytest.mark.parametrize("has_labels", [True, False])
def test_a_detector_that_loses_recall_is_written_by_force_alone(
    detector: Path,
    dark: Path,
    tmp_path: Path,
    red_square_frame: npt.NDArray[np.uint8],
    has_labels: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bright = _write_frames(tmp_path / "bright", red_square_frame)
    if has_labels:
        (bright / "0.xml").write_text(f"<annotation>{_SQUARE.format(113, 209, 176, 272)}</annotation>")
    measure = "recall" if has_labels else "the boxes that FP32 finds"
    words = ["--head", "yolox", "--frames", str(bright), "--labels", str(bright)]
    assert _compile(detector, tmp_path / "small", *words, "--calibration", str(bright)) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["loss"]["measure"].startswith(measure)
    assert report["loss"]["fp32"] == report["loss"]["int8"] == 1
    assert _compile(detector, tmp_path / "other", *words, "--calibration", str(dark)) == 1
    printed, said = capsys.readouterr()
    assert f"red is refused: 8 bits lose 100.0 points of {measure}" in said.splitlines()[-1]
    assert json.loads(printed)["loss"]["int8"] == 0
    assert not (tmp_path / "other").exists()
    assert _compile(detector, tmp_path / "other", *words, "--calibration", str(dark), "--force") == 0


def test_labels_of_other_classes_say_nothing(
    detector: Path, tmp_path: Path, red_square_frame: npt.NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    bright = _write_frames(tmp_path / "bright", red_square_frame)
    other = _SQUARE.replace("person", "submarine").format(129, 225, 192, 288)
    (bright / "0.xml").write_text(f"<annotation>{other}</annotation>")
    assert _compile(detector, tmp_path / "small", "--head", "yolox", "--calibration", str(bright)) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["accuracy"] == {"fp32": None, "int8": None}
    assert report["loss"]["measure"].startswith("the boxes that FP32 finds")


@pytest.mark.parametrize(("int8", "is_refused"), [(0.88, False), (0.879, True), (None, False)])
def test_two_points_are_the_most(int8: float | None, is_refused: bool) -> None:
    assert bool(Loss(measure="recall", count=50, fp32=0.9, int8=int8).refusal) is is_refused
