"""Batches over ONNX Runtime, and turns at an engine."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import engines
from ipc_ai_serving.engines import Engine, Outputs, SharedEngine, onnxruntime
from ipc_ai_serving.engines.onnxruntime import engine as engine_module
from ipc_ai_serving.engines.onnxruntime import providers, sessions, shortcuts
from ipc_ai_serving.engines.onnxruntime.bound_session import BoundSession
from ipc_ai_serving.engines.onnxruntime.engine import OnnxRuntimeEngine
from ipc_ai_serving.scheduling import traffic
from tests.tensorrt_fakes import batched_model


def _write_doubling(path: Path, batch: int | str) -> None:
    """A graph that doubles (batch, 3, 2, 2)."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["data", "data"], ["twice"])],
        "doubling",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [batch, 3, 2, 2])],
        [helper.make_tensor_value_info("twice", TensorProto.FLOAT, [batch, 3, 2, 2])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


@pytest.mark.parametrize("batch", [1, "N"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 3, 11])
def test_a_batch_comes_back_in_its_order(tmp_path: Path, batch: int | str, threads: int, count: int) -> None:
    _write_doubling(tmp_path / "graph.onnx", batch)
    engine = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=threads)
    tensor = np.arange(count * 12, dtype=np.float32).reshape(count, 3, 2, 2)
    (twice,) = engine.run(tensor).values()
    assert np.array_equal(twice, 2 * tensor)
    (twice,) = engine.run_each_alone(count, lambda number: tensor[number : number + 1]).values()
    assert np.array_equal(twice, 2 * tensor)
    assert engine.at_once == threads


@pytest.mark.processes
def test_a_forked_process_makes_threads_of_its_own(tmp_path: Path) -> None:
    """A session's threads, and those of batches, do not survive a fork; waiting for them would last for ever."""
    _write_doubling(tmp_path / "graph.onnx", "N")
    engine = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=2)
    one = np.ones((1, 3, 2, 2), np.float32)

    def sums() -> list[float]:
        outputs = engine.run_alone(one), engine.run_each_alone(5, lambda _number: one)
        return [float(output["twice"].sum()) for output in outputs]

    sums()
    ours, its = multiprocessing.Pipe()

    def work() -> None:
        engine.prepare_process()
        its.send(sums())

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    try:
        assert ours.poll(30), "the child waits for threads of its parent"
        assert ours.recv() == [24.0, 120.0]
    finally:
        child.kill()
        child.join()


def test_the_process_before_the_fork_makes_no_threads(tmp_path: Path) -> None:
    _write_doubling(tmp_path / "graph.onnx", 1)
    engine = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=2)
    SharedEngine(engine).run(np.ones((1, 3, 2, 2), np.float32))  # as a model is tried when it is loaded
    assert not engine._wide_of
    engines.prepare_process()
    assert list(engine._wide_of) == [os.getpid()]


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_tensors_that_are_made_one_by_one_come_back_in_their_order(tmp_path: Path, requests: int) -> None:
    _write_doubling(tmp_path / "graph.onnx", 1)
    engine = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=2)
    with ExitStack() as others:
        for _ in range(requests):
            others.enter_context(traffic.request())
        outputs = SharedEngine(engine).run_each(5, lambda number: np.full((1, 3, 2, 2), number, np.float32))
    assert outputs["twice"][:, 0, 0, 0].tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("at_once", [1, 2])
def test_threads_wait_for_their_turn(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "_cores", lambda: threading.BoundedSemaphore(8))
    inside, most = [0], [0]
    lock, both = threading.Lock(), threading.Event()

    class Slow(Engine):
        def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            both.wait(0.05)
            with lock:
                inside[0] -= 1
            return {"same": tensor}

    slow = Slow()
    slow.at_once = at_once
    shared = SharedEngine(slow)
    threads = [threading.Thread(target=shared.run, args=[np.zeros((1, 3, 2, 2), np.float32)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == at_once


def test_a_thread_that_waits_for_a_turn_leaves_the_cores_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = threading.BoundedSemaphore(2)
    monkeypatch.setattr(traffic, "_cores", lambda: cores)
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Engine):
        def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
            inside.set()
            go_on.wait(10)
            return {"same": tensor}

    shared = SharedEngine(Slow())

    def work() -> None:
        with traffic.holding_core():  # as a request has it from the first byte it decodes
            shared.run(np.zeros((1, 3, 2, 2), np.float32))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert inside.wait(10)
    free = cores.acquire(timeout=10)
    cores.release()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert free
    assert not [thread for thread in threads if thread.is_alive()]


def test_no_thread_works_on_when_one_of_them_failed(tmp_path: Path) -> None:
    _write_doubling(tmp_path / "graph.onnx", 1)
    engine = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=2)
    done: list[int] = []

    def tensor_of(number: int) -> npt.NDArray[np.float32]:
        if number == 0:
            raise ValueError("refused")
        threading.Event().wait(0.05)
        done.append(number)
        return np.zeros((1, 3, 2, 2), np.float32)

    with pytest.raises(ValueError, match="refused"):
        engine.run_each_alone(4, tensor_of)
    assert sorted(done) == [1, 2, 3]


def test_a_graph_that_does_not_load_shortened_is_loaded_as_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _write_doubling(tmp_path / "yolox_nano.onnx", 1)
    model = dataclasses.replace(catalogue.load().model("yolox_nano"), input=_input_named("data"))
    monkeypatch.setattr(shortcuts, "shortened", lambda *_, **__: b"no graph")
    engine = onnxruntime.load(model, {"onnx": tmp_path / "yolox_nano.onnx"}, 1)
    assert engine.run(np.ones((1, 3, 2, 2), np.float32))["twice"].sum() == 24
    assert "used as published" in caplog.text


def _input_named(name: str) -> catalogue.ModelInput:
    return dataclasses.replace(catalogue.load().model("yolox_nano").input, tensor=name)


def _write_detector(path: Path, *, batch: int | str = "N", boxes: str = "N") -> None:
    """A graph whose boxes follow from each frame alone: (N, 2, 6), the corners of the brightest of its channels."""
    nodes = [
        helper.make_node("GlobalMaxPool", ["data"], ["peaks"]),
        helper.make_node("Reshape", ["peaks", "rows"], ["channels"]),
        helper.make_node("TopK", ["channels", "two"], ["best", "places"], axis=1),
        helper.make_node("Cast", ["places"], ["columns"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["columns", "columns", "columns", "columns", "best", "best"], ["joined"], axis=2),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [batch, 3, 4, 4])],
        [
            helper.make_tensor_value_info("joined", TensorProto.FLOAT, [boxes, 2, 6]),
            helper.make_tensor_value_info("places", TensorProto.INT64, [batch, 2, 1]),
        ],
        [
            helper.make_tensor("rows", TensorProto.INT64, [3], [0, 3, 1]),
            helper.make_tensor("two", TensorProto.INT64, [1], [2]),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def _detector(path: Path, **graph: str | int) -> OnnxRuntimeEngine:
    _write_detector(path, **graph)  # type: ignore[arg-type]
    return OnnxRuntimeEngine(path, name="graph.onnx", input_name="data", threads=1)


@pytest.mark.parametrize(
    ("graph", "has_rows"),
    [
        ({}, True),
        ({"batch": 1, "boxes": 1}, False),
        ({"boxes": "found"}, False),  # as torchvision's boxes, all frames together
    ],
)
def test_an_open_batch_is_known_by_its_name(tmp_path: Path, graph: dict[str, str | int], has_rows: bool) -> None:
    assert _detector(tmp_path / "graph.onnx", **graph).has_rows == has_rows


def test_three_requests_in_a_batch_get_the_answers_of_three_single_runs(tmp_path: Path) -> None:
    engine = _detector(tmp_path / "graph.onnx")
    frames = np.random.default_rng(0).random((3, 1, 3, 4, 4), np.float32)
    expected = [engine.run(frame) for frame in frames]
    sizes: list[int] = []
    run = engine.run

    def counted(tensor: npt.NDArray[np.float32]) -> Outputs:
        sizes.append(len(tensor))
        return run(tensor)

    engine.run = counted  # type: ignore[method-assign]
    shared = SharedEngine(engine, batch_wait_ms=5, max_batch_size=3)
    shared._batches._wait_seconds = 3600  # type: ignore[union-attr]
    shared.run(frames[0])  # as a model is tried when it is loaded
    sizes.clear()
    with ThreadPoolExecutor(3) as clients, ExitStack() as requests:
        for _ in range(3):
            requests.enter_context(traffic.request())
        answers = list(clients.map(shared.run, frames))
    assert sizes == [3]
    for answer, single in zip(answers, expected, strict=True):
        assert answer.keys() == single.keys()
        assert all(np.array_equal(answer[name], single[name]) for name in single)


@pytest.mark.parametrize("most", [1, 2, 5, 9])
def test_a_forward_pass_has_no_more_frames_than_it_may(tmp_path: Path, most: int) -> None:
    _write_doubling(tmp_path / "graph.onnx", "N")
    engine = OnnxRuntimeEngine(
        tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=1, max_batch_size=most
    )
    frames = np.arange(5 * 12, dtype=np.float32).reshape(5, 3, 2, 2)
    sizes = []
    outputs = engine._outputs

    def counted(session: Any, tensor: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        sizes.append(len(tensor))
        return outputs(session, tensor)

    engine._outputs = counted  # type: ignore[method-assign]
    assert np.array_equal(engine.run(frames)["twice"], 2 * frames)
    assert max(sizes) == min(most, 5)
    assert sum(sizes) == 5


class _OnGpu:
    """A session of the CPU that says that a GPU computes it."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def get_providers(self) -> list[str]:
        return [providers.GPU, providers.CPU]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def test_on_a_gpu_inputs_are_bound_and_no_core_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_detector(tmp_path / "graph.onnx")
    expected = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=1)
    opened, devices = sessions.opened, []

    def bound(session: Any, *, device: str) -> BoundSession:
        devices.append(device)
        return BoundSession(session, device="cpu")

    monkeypatch.setattr(sessions, "opened", lambda *args, **more: _OnGpu(opened(*args, **more)))
    monkeypatch.setattr(engine_module, "BoundSession", bound)
    engine = OnnxRuntimeEngine(tmp_path / "graph.onnx", name="graph.onnx", input_name="data", threads=4)
    assert (devices, engine.takes_core, engine.at_once, engine.has_rows) == (["cuda"], False, 1, True)
    shared = SharedEngine(engine, max_batch_size=8)
    for count in (1, 3, 1):
        frames = np.random.default_rng(count).random((count, 3, 4, 4), np.float32)
        answer, right = shared.run(frames), expected.run(frames)
        assert all(np.array_equal(answer[name], right[name]) for name in right)


@pytest.mark.parametrize(("batch", "has_rows"), [("unk__1", True), (1, False)])
def test_a_classifiers_axes_may_have_any_names(tmp_path: Path, batch: str | int, has_rows: bool) -> None:
    """TensorFlow's exporter names each open axis anew."""
    model = batched_model(tmp_path)
    proto = onnx.load(str(tmp_path / "colours.onnx"))
    proto.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "unk__2"
    first = proto.graph.input[0].type.tensor_type.shape.dim[0]
    first.CopyFrom(type(first)(**{"dim_param" if isinstance(batch, str) else "dim_value": batch}))
    onnx.save(proto, str(tmp_path / "colours.onnx"))
    assert onnxruntime.load(model, {"onnx": tmp_path / "colours.onnx"}, 1).has_rows == has_rows
