"""Engines of TensorRT in the model folder, with NVIDIA's libraries faked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import onnx
import onnxruntime
import pytest

from ipc_ai_serving.engines import onnxruntime as engine
from tests.tensorrt_fakes import FakeTensorRt, batched_model
from tests.tiny_models import write_older_layout
from workbench.__main__ import main
from workbench.store import model_folder

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeTensorRt:
    made = FakeTensorRt()
    made.install(monkeypatch)
    return made


def _compile(source: Path, output: Path, *more: str) -> int:
    return main(["compile", str(source), "--target", "tensorrt", "--output", str(output), *more])


@pytest.mark.processes
def test_a_machine_without_a_gpu_builds_no_engines(tmp_path: Path) -> None:
    """A process of its own, whose path has the workbench alone at first."""
    if "TensorrtExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("onnxruntime-gpu is installed")
    batched_model(tmp_path / "colours")
    words = ["compile", str(tmp_path / "colours"), "--target", "tensorrt", "--output", str(tmp_path / "compiled")]
    ran = subprocess.run(
        [sys.executable, "-m", "workbench", *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 2
    (said,) = ran.stderr.strip().splitlines()
    assert "TensorRT builds engines on the GPU that will run them, and here this ONNX Runtime has no TensorRT" in said
    assert not (tmp_path / "compiled").exists()


def test_the_model_folder_has_the_engines_and_its_container_builds_none(
    tmp_path: Path, fake: FakeTensorRt, capsys: pytest.CaptureFixture[str]
) -> None:
    batched_model(tmp_path / "colours")
    graph = tmp_path / "colours" / "colours.onnx"
    (graph.parent / "weights").mkdir()
    proto = onnx.load(str(graph))
    onnx.save_model(proto, str(graph), save_as_external_data=True, location="weights/colours.bin", size_threshold=0)
    assert _compile(tmp_path / "colours", tmp_path / "compiled", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["built_for"]["gpu"] == "NVIDIA A10G"
    assert sorted(
        path.relative_to(tmp_path / "compiled").as_posix() for path in (tmp_path / "compiled").rglob("*.*")
    ) == [
        "colours.onnx",
        "model.json",
        "tensorrt/TensorrtExecutionProvider_0_sm86.engine",
        "tensorrt/built-for.json",
        "weights/colours.bin",
    ]
    moved = (tmp_path / "compiled").rename(tmp_path / "model")
    engine.load(model_folder.read(moved), {"onnx": moved / "colours.onnx"}, 1)
    assert fake.built == 1


def test_a_model_that_tensorrt_does_not_take_is_not_written(
    tmp_path: Path, fake: FakeTensorRt, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.takes_graph = False
    batched_model(tmp_path / "colours")
    assert _compile(tmp_path / "colours", tmp_path / "compiled") == 2
    assert "TensorRT built no engine for colours" in capsys.readouterr().err
    assert not (tmp_path / "compiled").exists()


def test_an_mxnet_model_is_compiled_to_onnx_first(
    tmp_path: Path, fake: FakeTensorRt, capsys: pytest.CaptureFixture[str]
) -> None:
    write_older_layout(tmp_path / "old", "face_detector_red")
    assert _compile(tmp_path / "old", tmp_path / "compiled", "--application", "face-detection") == 2
    assert "compile it with --target onnxruntime first" in capsys.readouterr().err


def test_a_folder_with_something_else_is_left_alone(
    tmp_path: Path, fake: FakeTensorRt, capsys: pytest.CaptureFixture[str]
) -> None:
    batched_model(tmp_path / "colours")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    assert _compile(tmp_path / "colours", tmp_path / "other") == 2
    assert "is no model folder; name another with --output" in capsys.readouterr().err
    assert (tmp_path / "other" / "thesis.txt").exists()
