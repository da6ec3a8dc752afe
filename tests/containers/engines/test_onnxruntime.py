"""Batches over ONNX Runtime, and turns at an engine."""

from __future__ import annotations

import multiprocessing
import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from serving import engines, traffic
from serving.engines import Engine, Outputs, SharedEngine
from serving.engines.onnxruntime import OnnxRuntimeEngine


def _write_doubling(path: Path, batch: int | str) -> None:
    """A graph that doubles (batch, 3, 2, 2)."""
    import onnx
    from onnx import TensorProto, helper

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


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


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
    before = _threads()
    SharedEngine(engine).run(np.ones((1, 3, 2, 2), np.float32))  # as a model is tried when it is loaded
    assert _threads() == before
    engines.prepare_process()  # which prepares those of other tests, too
    assert _threads() > before


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
