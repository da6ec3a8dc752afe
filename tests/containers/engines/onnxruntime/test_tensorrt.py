"""Engines that are kept: which folder, for what, and when they are built anew. NVIDIA's libraries are faked."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as runtime
import pytest

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import onnxruntime
from ipc_ai_serving.engines.onnxruntime import engine as engine_module
from ipc_ai_serving.engines.onnxruntime import providers, sessions, tensorrt
from ipc_ai_serving.settings import Settings
from tests.tensorrt_fakes import FakeDriver, FakeTensorRt, batched_model

_DEFAULTS = {"APPLICATION_TYPE": "image-classification"}


def _settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    chosen = Settings.from_environment({**_DEFAULTS, **environment})
    monkeypatch.setattr(engine_module, "settings", lambda: chosen)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return batched_model(tmp_path / "model")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeTensorRt:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    made = FakeTensorRt()
    made.install(monkeypatch)
    return made


def _load(tmp_path: Path, model: Model) -> Any:
    return onnxruntime.load(model, {"onnx": tmp_path / "model" / "colours.onnx"}, 1)


def test_without_a_cache_and_a_setting_nothing_changes(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settings(monkeypatch)
    _load(tmp_path, model)
    assert fake.options == []
    assert not (tmp_path / "model" / "tensorrt").exists()


def test_engines_are_built_once_and_kept_in_the_model_folder(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _settings(monkeypatch, TENSORRT="Yes", MAX_BATCH_SIZE="4")
    caplog.set_level(logging.INFO)
    cache = tmp_path / "model" / "tensorrt"
    for _ in range(2):
        engine = _load(tmp_path, model)
        assert engine.has_rows
        assert [options["trt_engine_cache_path"] for options in fake.options] == [str(cache)] * len(fake.options)
    assert (fake.built, len(fake.options)) == (1, 2)
    assert fake.options[0]["trt_profile_max_shapes"] == "images:4x3x64x64"
    kept = json.loads((cache / "built-for.json").read_text())
    assert (kept["gpu"], kept["tensorrt"], kept["onnxruntime"]) == ("NVIDIA A10G", "101601", runtime.__version__)
    assert "runs on TensorRT with the engines in" in caplog.text
    # More frames than an engine takes are several passes.
    tensor = np.arange(9 * 3 * 64 * 64, dtype=np.float32).reshape(9, 3, 64, 64)
    together = engine.run(tensor)["scores"]
    assert np.array_equal(
        together, np.concatenate([engine.run(tensor[each : each + 1])["scores"] for each in range(9)])
    )
    assert fake.batches[:3] == [4, 4, 1]


def test_a_cache_folder_in_the_model_asks_for_tensorrt(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settings(monkeypatch)
    (tmp_path / "model" / "tensorrt").mkdir()
    _load(tmp_path, model)
    assert fake.built == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gpu": "NVIDIA T4"}, "gpu NVIDIA A10G, and are built anew: gpu NVIDIA T4"),
        ({"release": 101700}, "tensorrt 101601, and are built anew: tensorrt 101700"),
    ],
)
def test_engines_of_another_gpu_or_release_are_built_anew(
    tmp_path: Path,
    model: Model,
    fake: FakeTensorRt,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    changed: dict[str, Any],
    said: str,
) -> None:
    _settings(monkeypatch, TENSORRT="Yes")
    _load(tmp_path, model)
    old = tmp_path / "model" / "tensorrt" / "old.profile"
    old.touch()
    vars(fake).update(changed)
    _load(tmp_path, model)
    assert said in caplog.text
    assert fake.built == 2
    assert not old.exists()
    _load(tmp_path, model)
    assert fake.built == 2


def test_another_graph_or_batch_is_built_anew(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settings(monkeypatch, TENSORRT="Yes")
    _load(tmp_path, model)
    _settings(monkeypatch, TENSORRT="Yes", MAX_BATCH_SIZE="2")
    _load(tmp_path, model)
    assert fake.built == 2
    batched_model(tmp_path / "model", factor=20)
    _load(tmp_path, model)
    assert fake.built == 3


def test_a_folder_that_cannot_be_written_is_used_where_it_fits_and_else_replaced_by_one_of_the_machine(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _settings(monkeypatch, TENSORRT="Yes")
    caplog.set_level(logging.INFO)
    _load(tmp_path, model)
    stored, writable = tmp_path / "model" / "tensorrt", os.access
    monkeypatch.setattr(os, "access", lambda path, mode: writable(path, mode) and not str(path).startswith(str(stored)))
    _load(tmp_path, model)
    assert fake.built == 1  # as it is
    fake.gpu = "NVIDIA T4"
    before = sorted(path.name for path in stored.iterdir())
    for _ in range(2):
        _load(tmp_path, model)
    (kept,) = (tmp_path / "temporary").glob("serving-tensorrt-*")
    assert f"{stored} cannot be written; TensorRT's engines are kept in {kept}" in caplog.text
    assert fake.built == 2
    assert fake.options[-1]["trt_engine_cache_path"] == str(kept)
    assert sorted(path.name for path in stored.iterdir()) == before


def test_a_folder_of_another_user_is_not_trusted(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _settings(monkeypatch, TENSORRT="Yes")
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    engine = _load(tmp_path, model)
    assert "belongs to another user" in caplog.text
    assert "runs without TensorRT" in caplog.text
    assert engine.run(np.zeros((1, 3, 64, 64), np.float32))["scores"].shape == (1, 4)
    assert fake.options == []


def test_a_graph_that_tensorrt_does_not_take_runs_without_it_and_leaves_no_mark(
    tmp_path: Path, model: Model, fake: FakeTensorRt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _settings(monkeypatch, TENSORRT="Yes")
    fake.takes_graph = False
    engine = _load(tmp_path, model)
    assert "colours.onnx: TensorRT computes no part of the graph" in caplog.text
    assert not (tmp_path / "model" / "tensorrt" / "built-for.json").exists()
    assert engine.run(np.zeros((1, 3, 64, 64), np.float32))["scores"].shape == (1, 4)


def test_this_machine_lacks_the_provider(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if providers.TENSORRT in runtime.get_available_providers():
        pytest.skip("onnxruntime-gpu is installed")
    assert "has no TensorRT provider" in str(tensorrt.missing())
    (tmp_path / "model" / "tensorrt").mkdir()
    _settings(monkeypatch)
    engine = _load(tmp_path, model)
    assert "colours.onnx runs without TensorRT: this ONNX Runtime has no TensorRT provider" in caplog.text
    assert engine.takes_core


@pytest.mark.parametrize(
    ("libraries", "said"),
    [
        ({}, "there is no NVIDIA GPU"),
        ({"libcuda.so.1": FakeDriver(failure=100)}, "there is no NVIDIA GPU"),  # CUDA_ERROR_NO_DEVICE
        (
            {"libcuda.so.1": FakeDriver()},
            "libnvinfer.so.10, libnvinfer_plugin.so.10, libnvonnxparser.so.10 of TensorRT",
        ),
    ],
)
def test_a_gpu_build_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch, libraries: dict[str, Any], said: str) -> None:
    monkeypatch.setattr(runtime, "get_available_providers", lambda: [providers.TENSORRT, providers.GPU, providers.CPU])
    monkeypatch.setattr(runtime, "preload_dlls", lambda: None)
    monkeypatch.setattr(tensorrt, "_library", libraries.get)
    assert said in str(tensorrt.missing())


def test_a_library_that_is_not_there_is_none_and_one_of_the_loaders_path_is_found() -> None:
    assert tensorrt._library("libnothing-of-this-name.so.10") is None
    assert isinstance(tensorrt._library("libc.so.6"), ctypes.CDLL)


def test_the_name_of_the_gpu_is_the_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorrt, "_library", {"libcuda.so.1": FakeDriver(name="NVIDIA L4")}.get)
    assert tensorrt.gpu_name() == "NVIDIA L4"


def test_a_session_on_the_cpu_can_be_had_beside_a_gpu(tmp_path: Path, model: Model) -> None:
    session = sessions.opened(tmp_path / "model" / "colours.onnx", threads=1, name="colours.onnx", on_cpu=True)
    assert session.get_providers() == [providers.CPU]
