from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tiny_models import write_older_layout
from workbench.__main__ import main
from workbench.export.gluoncv_packages import FOLDER


def _compile(model: str, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    code = main(["compile", model, "--output", str(folder), "--json", *more])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    document: dict[str, object] = json.loads(captured.out)
    return document


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs GluonCV: make .venv/export/installed")
def test_an_exported_detector_answers_the_same_and_a_tighter_tolerance_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported, compiled = tmp_path / "yolo3_mobilenet1.0_coco", tmp_path / "compiled"
    assert main(["export", exported.name, "--random-weights", "--output", str(exported), "--json"]) == 0
    capsys.readouterr()
    report = _compile(str(exported), compiled, capsys)
    parity = report["parity"]
    assert isinstance(parity, dict)
    assert parity["matched"] >= 5
    assert 0 < parity["largest_box_shift_px"] < 0.1
    described = json.loads((compiled / "model.json").read_text())
    assert described["engine"] == "onnxruntime"
    words = ["compile", str(exported), "--output", str(tmp_path / "other"), "--box-tolerance", "0"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "a box is shifted by" in said
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "name", ["body_detector_yolox_nano", "face_detector_yunet_n", "retinaface_mnet025_v1", "mobilefacenet_y1"]
)
def test_real_weights_answer_the_same(
    name: str, testdata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, compiled = tmp_path / "store", tmp_path / "compiled"
    assert main(["fetch", name, "--from", str(testdata / "models"), "--store", str(store)]) == 0
    capsys.readouterr()
    frames = [str(testdata / "images/reference/test_1_source.jpg"), str(testdata / "images/reference/street_small.jpg")]
    report = _compile(name, compiled, capsys, "--store", str(store), "--frames", *frames)
    parity = report["parity"]
    assert isinstance(parity, dict)
    assert parity["matched"] > 0
    assert parity["failure"] is None
    described = json.loads((compiled / "model.json").read_text())
    assert described["engine"] == "onnxruntime"


def test_the_older_layout_under_a_name_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("body_detector_red", "face_detector_red", "._body_detector_red"):
        write_older_layout(tmp_path / "older", name)
    symbol = tmp_path / "older/body_detector_red-symbol.json"
    report = _compile(str(symbol), tmp_path / "compiled", capsys, "--box-tolerance", "5")
    assert report["model"] == "red"
    described = json.loads((tmp_path / "compiled/model.json").read_text())
    assert (described["name"], described["applications"], described["engine"]) == (
        "red",
        ["body-detection"],
        "onnxruntime",
    )
    assert main(["compile", str(tmp_path / "older")]) == 2
    said = capsys.readouterr().err
    assert "name one by its file: body_detector_red-symbol.json, face_detector_red-symbol.json" in said
    assert _compile(str(tmp_path / "older"), tmp_path / "faces", capsys, "--application", "face-detection")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["yolox_nno"], "did you mean 'yolox_nano'"),
        (["yolox_nano", "--target", "onnxruntim"], "did you mean 'onnxruntime'"),
        (["yolox_nano", "--int8"], "give their folder with --calibration"),
        (["yolox_nano", "--calibration", "."], "--calibration is for --int8"),
        (["tests"], "tests has neither a model.json nor body_detector_NAME-symbol.json and"),
        (["yunet_n+mobileface_v2"], "a pair has two models; compile each half alone"),
        (["dlib_frontal_face"], "has nothing to compile"),
        (
            ["yolox_nano", "--store", "nowhere"],
            "ipc-ai fetch yolox_nano --store nowhere' first, or name",
        ),
        (
            ["out/export/nothing"],
            "there is no folder out/export/nothing; name a model folder, or a model of docs/models.md",
        ),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
