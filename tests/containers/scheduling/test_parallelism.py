from __future__ import annotations

from pathlib import Path

import pytest

from ipc_ai_serving.scheduling import usable_cores
from ipc_ai_serving.scheduling.parallelism import Parallelism, fitted
from ipc_ai_serving.settings import Settings
from tests.tiny_models import write_yolox_onnx


def _fitted(folder: Path, model: str = "yolox_nano", **more: str) -> Parallelism:
    environment = {
        "APPLICATION_TYPE": "body-detection",
        "MODEL_NAME": model,
        "SM_MODEL_DIR": str(folder),
        "MODEL_STORE": str(folder / "nothing-fetched"),
    }
    return fitted(Settings.from_environment({**environment, **more}))


@pytest.fixture
def on_onnxruntime(tmp_path: Path) -> Path:
    write_yolox_onnx(tmp_path / "yolox_nano.onnx")
    return tmp_path


@pytest.mark.parametrize(
    ("cores", "more", "workers", "threads", "own"),
    [
        (1, {}, 1, 1, 1),
        (2, {}, 2, 2, 1),
        (4, {}, 4, 4, 1),
        (16, {}, 16, 4, 1),
        (6, {"MODEL_SERVER_WORKERS": "3"}, 3, 4, 2),
        (6, {"MODEL_SERVER_WORKERS": "1"}, 1, 4, 6),
        (2, {"MODEL_SERVER_WORKERS": "4"}, 4, 2, 1),
        (5, {"MODEL_SERVER_WORKERS": "2"}, 2, 4, 2),
        (6, {"OMP_NUM_THREADS": "1"}, 6, 1, 1),
        (16, {"OMP_NUM_THREADS": "8"}, 16, 8, 1),
        (6, {"OMP_NUM_THREADS": "2", "MODEL_SERVER_WORKERS": "5"}, 5, 2, 1),
    ],
)
def test_workers_share_the_cores_where_an_engine_runs_requests_at_once(
    on_onnxruntime: Path,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    more: dict[str, str],
    workers: int,
    threads: int,
    own: int,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(cores))
    read = _fitted(on_onnxruntime, **more)
    assert (read.workers, read.engine_threads, read.cores, read.shared_cores) == (workers, threads, own, cores)
    assert read.loads_before_fork


def test_the_gpu_image_has_one_worker(on_onnxruntime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(6))
    read = _fitted(on_onnxruntime, PROCESSOR="gpu")
    assert (read.workers, read.engine_threads, read.cores, read.shared_cores) == (1, 6, 6, 0)
    assert not read.loads_before_fork


@pytest.mark.parametrize(
    ("application", "model"),
    [
        ("face-detection", "dlib_frontal_face"),
        ("face-comparison", "dlib_frontal_face+dlib_face_embedding"),
        ("face-comparison", "yunet_n"),
        ("body-detection", "nobody"),
        ("custom", "yolox_nano"),
    ],
)
def test_any_other_has_a_worker_a_core(
    on_onnxruntime: Path, monkeypatch: pytest.MonkeyPatch, application: str, model: str
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(6))
    read = _fitted(on_onnxruntime, model, APPLICATION_TYPE=application)
    assert (read.workers, read.engine_threads, read.cores, read.shared_cores) == (6, 1, 1, 0)
    assert read.queue_limit == 16


@pytest.mark.parametrize(
    ("more", "queue"),
    [({}, 64), ({"MAX_QUEUE_LENGTH": "5"}, 5), ({"OMP_NUM_THREADS": "1"}, 64), ({"MODEL_SERVER_WORKERS": "2"}, 64)],
)
def test_as_many_requests_wait_for_a_core_in_all_workers(
    on_onnxruntime: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], queue: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(4))
    assert _fitted(on_onnxruntime, **more).queue_limit == queue


@pytest.mark.parametrize(("processor", "workers", "threads"), [("cpu", "all", 1), ("gpu", 1, "all"), ("", "all", 1)])
def test_one_worker_has_the_gpu(processor: str, workers: int | str, threads: int | str) -> None:
    cores = usable_cores.count()
    read = fitted(Settings.from_environment({"PROCESSOR": processor}))
    assert (read.workers, read.engine_threads) == tuple(cores if n == "all" else n for n in (workers, threads))
    asked = fitted(
        Settings.from_environment({"PROCESSOR": processor, "MODEL_SERVER_WORKERS": "3", "OMP_NUM_THREADS": "2"})
    )
    assert (asked.workers, asked.engine_threads) == (3, 2)


@pytest.mark.parametrize(
    ("environment", "shared"),
    [
        ({}, True),
        ({"APPLICATION_TYPE": "custom"}, False),
        ({"OMP_NUM_THREADS": "2"}, False),
        ({"PROCESSOR": "gpu", "OMP_NUM_THREADS": "1"}, False),
    ],
)
def test_the_model_is_loaded_before_the_fork_only_where_it_survives_that(
    environment: dict[str, str], shared: bool
) -> None:
    assert fitted(Settings.from_environment(environment)).loads_before_fork is shared


@pytest.mark.parametrize(
    ("more", "queue"),
    [({}, 16), ({"MAX_BATCH_SIZE": "32"}, 64), ({"MAX_BATCH_SIZE": "32", "MAX_QUEUE_LENGTH": "7"}, 7)],
)
def test_on_a_gpu_one_batch_is_decoded_while_another_is_computed(
    on_onnxruntime: Path, more: dict[str, str], queue: int
) -> None:
    read = _fitted(on_onnxruntime, PROCESSOR="gpu", **more)
    assert read.queue_limit == queue
    assert read.cores == usable_cores.count()  # of the one worker, for decoding
