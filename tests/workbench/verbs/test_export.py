from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import model_folder
from ipc_ai_serving.models.detector import Detector
from workbench import places
from workbench.__main__ import main
from workbench.camera.photograph import frame
from workbench.export.gluoncv_packages import FOLDER
from workbench.verbs.export import exportable_models

# GluonCV lies in an environment of its own, which `make install` creates in a fresh clone.
needs_gluoncv = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs GluonCV: make .venv/export/installed")


def _export(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    words = ["export", "yolo3_mobilenet1.0_coco", "--random-weights", "--output", str(folder), "--json"]
    assert main([*words, *more]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def _detector(folder: Path) -> Detector:
    found = model_folder.find(
        "yolo3_mobilenet1.0_coco",
        "body-detection",
        model_dir=folder,
        model_store=folder,
        catalogue=catalogue.load(),
    )
    return Detector.load(found, threads=os.cpu_count() or 1)


@pytest.mark.slow
@needs_gluoncv
def test_random_weights_give_a_realistic_number_of_boxes_the_same_for_a_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = _export(tmp_path / "first", capsys)
    assert written["classes"] == ["person"]
    described = json.loads((tmp_path / "first" / "model.json").read_text())
    assert described["engine"] == "mxnet"
    assert "seed 0: no meaning" in described["licence"]["note"]
    first = _detector(tmp_path / "first").detect(frame())
    assert 5 <= (first.scores >= 0.1).sum() <= len(first.scores) < 100
    _export(tmp_path / "second", capsys)
    np.testing.assert_array_equal(_detector(tmp_path / "second").detect(frame()).boxes, first.boxes)


def test_all_promised_detectors_can_be_exported() -> None:
    assert set(exportable_models()) == {
        "yolo3_darknet53_coco",
        "ssd_512_resnet50_v1_coco",
        "yolo3_mobilenet1.0_coco",
        "faster_rcnn_fpn_resnet101_v1d_coco",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["yolo3_mobilnet1.0_coco"], "did you mean 'yolo3_mobilenet1.0_coco'"),
        (["yolox_nano"], "unknown GluonCV detector 'yolox_nano'"),
        (["yolo3_darknet53_coco", "--classes", "person,"], "write each class once"),
        (["yolo3_darknet53_coco", "--weights", "nowhere.params"], "there is no file nowhere.params"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@needs_gluoncv
def test_a_folder_that_is_no_model_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    assert main(["export", "yolo3_mobilenet1.0_coco", "--random-weights", "--output", str(tmp_path)]) == 2
    assert "is no model folder" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.processes
def test_without_gluoncv_the_way_to_it_is_named(tmp_path: Path) -> None:
    looks = (
        "import pathlib, sys; from workbench.export.gluoncv_packages import model_zoo; "
        "model_zoo(pathlib.Path(sys.argv[1]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", looks, str(tmp_path)], cwd=places.REPOSITORY, capture_output=True, text=True, check=False
    )
    assert "needs the package 'gluoncv', which is not installed; run 'make .venv/export/installed'" in finished.stderr
