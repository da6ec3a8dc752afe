"""The verb from the command line, over a folder and over events in moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from moto import mock_aws

from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.__main__ import main
from workbench.comparison import running
from workbench.verbs import compare_models

BUCKET = "events-of-cameras"


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    """YOLOX, whose boxes are two cells of 16 pixels wide, and a network with a box of 32 pixels a cell."""
    write_yolox_onnx(tmp_path / "models" / "yolox_nano" / "yolox_nano.onnx")
    write_older_layout(tmp_path / "models" / "cells", "body_detector_cells")
    return [str(tmp_path / "models" / name) for name in ("yolox_nano", "cells")]


@pytest.fixture
def frames(red_square_frame: npt.NDArray[np.uint8], tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    for name, frame in {
        "gate-1/red.png": red_square_frame,
        "gate-2/grey.png": np.full_like(red_square_frame, 128),
    }.items():
        (folder / name).parent.mkdir(parents=True)
        cv2.imwrite(str(folder / name), frame)
    return folder


@pytest.mark.processes
def test_a_folder_of_frames(
    models: list[str], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "difference-09.jpg").touch()  # of an earlier comparison
    assert main(["compare-models", *models, "--frames", str(frames), "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    for expected in ("agreement by class", "agreement by camera", "gate-1", "p99 ms", "cost of a million frames"):
        assert expected in printed
    assert "the same findings in 1 of 2 frames" in printed
    document: dict[str, Any] = json.loads((output / "comparison.json").read_text())
    assert document["frames"] == {
        "compared": 2, "alike": 1, "gone": 0, "cameras": 2, "refused": {"current": {}, "candidate": {}}
    }  # fmt: skip
    agreement = document["agreement"]
    assert agreement["by_camera"]["gate-1"] == agreement["together"]
    assert agreement["together"]["only_current"] > 0
    worst, same = document["differences"]
    assert (worst["frame"], worst["camera"], worst["picture"]) == ("gate-1/red.png", "gate-1", "difference-01.jpg")
    assert (same["difference"], same["picture"]) == (0, None)
    assert document["current"]["milliseconds"]["p99"] > 0
    costs = {cost["instance_type"]: cost for cost in document["cost_of_a_million_frames"]}
    assert costs["ml.c5.xlarge"]["current"] > 0
    assert costs["ml.g4dn.xlarge"]["unknown_because"] == "not measured on a GPU"
    assert sorted(path.name for path in output.iterdir()) == ["comparison.json", "difference-01.jpg", "index.html"]
    page = (output / "index.html").read_text()
    assert '<img src="difference-01.jpg"' in page
    assert "gate-1/red.png" in page
    assert "<td>p99 ms</td>" in page
    assert "<td>a million frames, ml.c5.xlarge, USD</td>" in page
    assert "http" not in page


@pytest.mark.processes
def test_many_frames_are_better_run_by_sagemaker(
    models: list[str],
    frames: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compare_models, "_MANY", 1)
    assert main(["compare-models", *models, "--frames", str(frames), "--output", str(tmp_path / "out")]) == 0
    assert "2 frames are run here one by one; --transform has SageMaker run them" in capsys.readouterr().err


@pytest.mark.processes
def test_labels_say_which_model_is_right(
    models: list[str], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = frames / "gate-1" / "red.png"
    # Boxes of MXNet's tiny network in a cell; the other network's lie elsewhere.
    label = 'PASCAL Annotation Version 1.00\nBounding box for object 1 "x" (Xmin) : (129, 225) - (160, 256)\n'
    labelled.with_suffix(".txt").write_text(label)
    words = ["--frames", str(frames), "--labels", str(labelled.parent), "--pictures", "0"]
    assert main(["compare-models", *models, *words, "--output", str(tmp_path / "out")]) == 0
    assert "recall" in capsys.readouterr().out
    document: dict[str, Any] = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert [document[side]["accuracy"]["recall"] for side in ("current", "candidate")] == [0, 1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["comparison.json", "index.html"]


@pytest.mark.processes
def test_frames_that_no_model_takes(models: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    words = ["--frames", str(tmp_path), "--output", str(tmp_path / "out")]
    assert main(["compare-models", *models, *words]) == 2
    *recognised, told = capsys.readouterr().err.splitlines()
    assert "no frame was answered by both models; yolox_nano@onnxruntime: " in told
    assert not [line for line in recognised if line.startswith(("ipc-ai", "Traceback"))]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


@pytest.mark.processes
def test_stored_events(
    s3: Any, models: list[str], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for camera, name in (("gate-1", "gate-1/red.png"), ("gate-2", "gate-2/grey.png")):
        body = (frames / name).read_bytes()
        for number in range(3):
            key = f"events/dt=2026-11-21/camera={camera}/0000-{number}/frame.png"
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    words = ["--events", f"s3://{BUCKET}", "--sample", "4", "--pictures", "1", "--instance", "ml.m5.xlarge", "--json"]
    assert main(["compare-models", *models, *words, "--output", str(tmp_path / "out")]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["source"] == {
        "name": f"s3://{BUCKET}/", "asked": 4, "chosen": 4, "seed": 1, "region": "eu-west-1"
    }  # fmt: skip
    assert document["frames"]["alike"] == 2
    assert set(document["agreement"]["by_camera"]) == {"gate-1", "gate-2"}
    assert [each["picture"] for each in document["differences"]] == ["difference-01.jpg", None, None, None]
    (cost,) = document["cost_of_a_million_frames"]  # of which the table has no price in that region
    assert (cost["current"], cost["unknown_because"]) == (None, "no price is known")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "one of the arguments --events --frames is required"),
        (["--frames", "nowhere"], "there is no folder nowhere"),
        (["--events", "bucket"], "'bucket' is not s3://BUCKET/PREFIX"),
        (["--frames", ".", "--min-confidence", "50"], "write a score from 0 to 1"),
        (["--frames", ".", "--sample", "0"], "not a whole number of 1 or more"),
        (["--frames", ".", "--instance", "ml.c5.xlrge"], "did you mean 'ml.c5.xlarge'"),
        (["--frames", ".", "--transform"], "--transform reads frames in S3"),
        (["--events", "s3://bucket", "--transform"], "--transform needs a role"),
        (["--frames", ".", "--role", "arn"], "--role is for --transform"),
        (["--events", "s3://bucket", "--transform", "--role", "arn", "--labels", "."], "--labels is for models"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    try:
        code = main(["compare-models", "opencv_people", "opencv_people", *words])
    except SystemExit as end:
        code = int(end.code or 0)
    printed = capsys.readouterr().err
    assert code == 2
    assert says in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (["opencv_peple", "opencv_people"], "did you mean 'opencv_people'"),
        (["opencv_people", "dlib_frontal_face"], "models of one application"),
        (["dlib_frontal_face+dlib_face_embedding"] * 2, "pairs for face comparison are not compared"),
    ],
)
def test_models_that_cannot_be_compared(models: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare-models", *models, "--frames", "."]) == 2
    assert says in capsys.readouterr().err


def test_a_wrong_price_table_is_told_before_a_model_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "run", lambda *_, **__: pytest.fail("a model ran"))
    (tmp_path / "a.jpg").write_text("no image")
    words = ["--frames", str(tmp_path), "--output", str(tmp_path / "out"), "--prices", str(tmp_path / "nowhere.json")]
    assert main(["compare-models", "opencv_people", "opencv_people", *words]) == 2
    assert "nowhere.json is not a price table" in capsys.readouterr().err
