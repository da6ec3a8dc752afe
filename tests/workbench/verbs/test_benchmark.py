from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.__main__ import main


@pytest.fixture
def frame(red_square_frame: npt.NDArray[np.uint8], tmp_path: Path) -> Path:
    path = tmp_path / "frame.png"
    cv2.imwrite(str(path), red_square_frame)
    return path


@pytest.mark.processes
def test_two_engines_of_one_folder_side_by_side(
    frame: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "yolox_nano", tmp_path / "out"
    write_yolox_onnx(folder / "yolox_nano.onnx")
    write_older_layout(folder, "body_detector_yolox_nano")
    # Boxes of MXNet's tiny network in a cell; the other network's lie elsewhere.
    label = 'PASCAL Annotation Version 1.00\nBounding box for object 1 "x" (Xmin) : (129, 225) - (160, 256)\n'
    frame.with_suffix(".txt").write_text(label)
    words = ["benchmark", f"{folder}@mxnet", str(folder), "--frame", str(frame), "--labels", str(frame.parent)]
    few = ["--repeat", "4", "--warm-up", "2", "--workers", "2", "--seconds", "0.2"]
    assert main([*words, *few, "--engine", "mxnet", "--engine", "onnxruntime", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    assert "yolox_nano@onnxruntime" in printed
    document: dict[str, Any] = json.loads((output / "benchmark.json").read_text())
    variants = document["variants"]
    assert [variant["engine"] for variant in variants] == ["mxnet", "onnxruntime", "mxnet"]
    for variant in variants:
        assert {len(runs) for runs in variant["runs"].values()} == {4}
        whole = variant["milliseconds"]["whole"]
        assert 0 < whole["p50"] <= whole["p95"] <= whole["p99"] == pytest.approx(max(variant["runs"]["whole"]), rel=0.1)
        assert [point["workers"] for point in variant["throughput"]] == [1, 2]
        assert all(point["frames_per_second"] > 0 for point in variant["throughput"])
        assert (output / variant["picture"]).is_file()
    assert variants[0]["times_as_fast_as_first"] == 1
    assert [variant["accuracy"]["recall"] for variant in variants] == [1, 0, 1]
    assert document["labels"] == {"frames": 1, "iou": 0.5, "score_threshold": 0.5}
    assert document["environment"]["OMP_NUM_THREADS"] == "1"
    assert "--repeat 4 --warm-up 2 --workers 2" in document["command"]
    together = cv2.imread(str(output / "side-by-side.png"))
    assert together is not None
    assert together.shape[1] > 3 * 416
    assert cv2.imread(str(output / "benchmark.png")) is not None


@pytest.mark.processes
def test_a_pair_with_a_frame_as_source_and_target(
    photograph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = "dlib_frontal_face+dlib_face_embedding"
    words = ["benchmark", pair, "--frame", str(photograph), "--repeat", "1", "--warm-up", "0", "--workers", "0"]
    assert main([*words, "--json", "--output", str(tmp_path)]) == 0
    (variant,) = json.loads(capsys.readouterr().out)["variants"]
    assert variant["application"] == "face-comparison"
    assert variant["throughput"] == []
    assert variant["found"][0]["score"] == pytest.approx(1, abs=1e-3)
    assert (tmp_path / "side-by-side.png").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["opencv_peple"], "did you mean 'opencv_people'"),
        (["opencv_people@embeded"], "did you mean 'embedded'"),
        (["opencv_people", "--labels", "nowhere"], "there is no nowhere"),
        (["dlib_frontal_face+dlib_face_embedding", "--labels", "."], "--labels is for detectors"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(
    words: list[str], says: str, photograph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "--frame", str(photograph), *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--repeat", "0"], "'0' is not a whole number of 1 or more"),
        (["--workers", "many"], "'many' is not a whole number of 0 or more"),
        (["--seconds", "0"], "'0' is not a number of seconds above 0"),
        (["--lables", "."], "did you mean '--labels'"),
    ],
)
def test_options_that_are_none(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", "opencv_people", "--frame", "frame.jpg", *words])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_a_frame_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "opencv_people", "--frame", "no-such.jpg"]) == 2
    assert "cannot read no-such.jpg" in capsys.readouterr().err


@pytest.mark.processes
def test_a_frame_that_is_no_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "frame.jpg").write_bytes(b"text")
    words = ["benchmark", "opencv_people", "--frame", str(tmp_path / "frame.jpg"), "--output", str(tmp_path / "out")]
    assert main([*words, "--json"]) == 2
    said = capsys.readouterr().err
    assert "opencv_people@embedded: " in said
    assert said.count("\n") == 1
