from __future__ import annotations

from pathlib import Path

import pytest

from serving.settings import Settings
from tests.tiny_models import write_yolox_onnx

MIB = 1024 * 1024


def _settings(folder: Path, model: str = "yolox_nano", **more: str) -> Settings:
    return Settings.from_environment(
        {"APPLICATION_TYPE": "body-detection", "MODEL_NAME": model, "SM_MODEL_DIR": str(folder), **more}
    )


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(6))


def _large(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(33 * MIB)  # the size alone counts; nobody loads it


@pytest.mark.usefixtures("cores")
def test_a_small_model_has_a_worker_a_core(tmp_path: Path) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano.onnx")
    read = _settings(tmp_path)
    assert (read.workers, read.engine_threads, read.decoders, read.loads_before_fork) == (6, 1, 1, True)


@pytest.mark.usefixtures("cores")
def test_a_large_model_has_several_threads_a_worker(tmp_path: Path) -> None:
    _large(tmp_path / "yolox_nano.onnx")
    read = _settings(tmp_path)
    assert (read.workers, read.engine_threads, read.decoders, read.loads_before_fork) == (2, 4, 4, False)


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(
    ("more", "workers", "threads"),
    [({"MODEL_SERVER_WORKERS": "3"}, 3, 1), ({"OMP_NUM_THREADS": "2"}, 6, 2), ({"PROCESSOR": "gpu"}, 1, 6)],
)
def test_what_the_environment_says_holds(tmp_path: Path, more: dict[str, str], workers: int, threads: int) -> None:
    _large(tmp_path / "yolox_nano.onnx")
    read = _settings(tmp_path, **more)
    assert (read.workers, read.engine_threads) == (workers, threads)


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(("application", "model"), [("body-detection", "nobody"), ("custom", "x"), ("no-such", "x")])
def test_a_model_that_is_not_there_is_told_when_it_is_loaded(tmp_path: Path, application: str, model: str) -> None:
    assert _settings(tmp_path, model, APPLICATION_TYPE=application).workers == 6
