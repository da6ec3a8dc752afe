from __future__ import annotations

import gc
import multiprocessing
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ipc_ai_serving.engines.onnxruntime import sessions
from ipc_ai_serving.engines.onnxruntime.engine import OnnxRuntimeEngine
from ipc_ai_serving.errors import ModelLoadError

_FRAME = np.random.default_rng(0).normal(size=(1, 3, 40, 40)).astype(np.float32)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A convolution with 110 kB of weights."""
    weights = np.random.default_rng(1).normal(size=(1024, 3, 3, 3)).astype(np.float32)
    net = helper.make_graph(
        [helper.make_node("Conv", ["data", "weights"], ["maps"], kernel_shape=[3, 3])],
        "net",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, "rows", "columns"])],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(weights, "weights")],
    )
    onnx.save(helper.make_model(net, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _maps(session: Any) -> Any:
    return session.run(None, {"data": _FRAME})[0]


def test_sessions_of_an_optimised_graph_map_its_weights_and_answer_alike(graph: Path, files: Path) -> None:
    expected = _maps(sessions.opened(graph, threads=1, name="net"))
    for source in (graph, graph.read_bytes()):
        made = sessions.optimised(source, name="net")
        assert made is not None
        for threads in (1, 2):
            session = made.opened(threads=threads)
            assert np.array_equal(_maps(session), expected)
            assert f"{files}/serving-model-" in Path("/proc/self/maps").read_text()


@pytest.mark.parametrize(("kind", "packed"), [(np.float32, False), (np.int8, True)])
def test_weights_of_8_bits_are_packed_and_others_shared(kind: type, packed: bool, files: Path) -> None:
    # Times of a real network are in decision 0039.
    weights: Any = np.arange(-32, 32).reshape(8, 8).astype(kind)
    product = "MatMul" if kind is np.float32 else "MatMulInteger"
    numbers = TensorProto.FLOAT if kind is np.float32 else TensorProto.INT32
    of_input = TensorProto.FLOAT if kind is np.float32 else TensorProto.INT8
    net = helper.make_graph(
        [helper.make_node(product, ["data", "weights"], ["products"])],
        "net",
        [helper.make_tensor_value_info("data", of_input, [1, 8])],
        [helper.make_tensor_value_info("products", numbers, [1, 8])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(net, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    made = sessions.optimised(model.SerializeToString(), name="net")
    assert made is not None

    options = made.opened(threads=2).get_session_options()
    if packed:
        with pytest.raises(RuntimeError):  # no such entry
            options.get_session_config_entry("session.disable_prepacking")
    else:
        assert options.get_session_config_entry("session.disable_prepacking") == "1"


@pytest.mark.processes
def test_files_go_with_the_process_that_made_them_alone(graph: Path, files: Path) -> None:
    made = sessions.optimised(graph, name="net")
    assert made is not None

    gc.collect()  # sessions of other tests, whose threads a child would wait for
    child = os.fork()
    if child == 0:
        del made
        os._exit(0)
    os.waitpid(child, 0)
    assert len(list(files.iterdir())) == 1
    made.opened(threads=1)
    del made
    assert not list(files.iterdir())


def test_a_graph_that_does_not_load_leaves_nothing(files: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert sessions.optimised(b"no graph", name="net.onnx") is None
    assert not list(files.iterdir())
    assert "net.onnx" in caplog.text


def _nowhere(**_: object) -> str:
    raise FileNotFoundError("no usable temporary directory")


@pytest.mark.parametrize("gone", ["before", "after"])
def test_without_room_for_files_each_process_has_weights_of_its_own(
    graph: Path, files: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, gone: str
) -> None:
    if gone == "before":
        monkeypatch.setattr(tempfile, "mkdtemp", _nowhere)
    engine = OnnxRuntimeEngine(graph, name="net.onnx", input_name="data", threads=2)
    for folder in files.iterdir():
        (folder / "weights").unlink()
    alone = engine.run_alone(_FRAME)["maps"]
    assert np.array_equal(alone, engine.run(_FRAME)["maps"])
    assert str(files) not in Path("/proc/self/maps").read_text()
    assert "net.onnx: " in caplog.text
    assert "has weights of its own" in caplog.text


def test_what_is_no_graph_is_named(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelLoadError, match=r"net\.onnx is not a graph"):
        sessions.opened(tmp_path / "net.onnx", threads=1, name="net.onnx")


@pytest.mark.processes
def test_what_a_killed_process_left_is_removed(graph: Path, files: Path) -> None:
    ready, made = multiprocessing.Pipe()

    def work() -> None:
        kept = sessions.optimised(graph, name="net")
        made.send(kept is not None)
        threading.Event().wait()

    gc.collect()  # sessions of other tests, whose threads a child would wait for
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    try:
        assert ready.poll(60)
        (left,) = files.iterdir()
        kept = sessions.optimised(graph, name="net")
        assert left.is_dir()  # whose process is alive
    finally:
        child.kill()
        child.join()
    again = sessions.optimised(graph, name="net")
    assert kept is not None
    assert again is not None
    assert not left.exists()
    assert len(list(files.iterdir())) == 2


def test_where_no_file_in_memory_is_allowed_the_runtime_gets_bytes(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: str) -> int:
        raise PermissionError("memfd_create")

    monkeypatch.setattr(os, "memfd_create", refused)
    session = sessions.opened(graph.read_bytes(), threads=1, name="net")
    assert _maps(session).shape == (1, 1024, 38, 38)


def test_padding_with_zeros_before_a_maximum_pool_is_kept(tmp_path: Path) -> None:
    """The maximum of a map of -1 is 0 at the padded edge."""
    net = helper.make_graph(
        [
            helper.make_node("Neg", ["data"], ["negative"]),
            helper.make_node("Pad", ["negative", "pads", "zero"], ["padded"]),
            helper.make_node("MaxPool", ["padded"], ["maps"], kernel_shape=[2, 2], strides=[1, 1]),
        ],
        "net",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 1, 3, 3])],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, 1, 3, 3])],
        [
            numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 0, 1, 1]), "pads"),
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
        ],
    )
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(net, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    engine = OnnxRuntimeEngine(path, name=path.name, input_name="data", threads=1)
    (maps,) = engine.run(np.ones((1, 1, 3, 3), np.float32)).values()
    assert maps[0, 0].tolist() == [[-1, -1, 0], [-1, -1, 0], [0, 0, 0]]


def test_a_graph_newer_than_the_runtime_is_told_without_its_source(graph: Path) -> None:
    model = onnx.load(str(graph))
    model.opset_import[0].version = 99
    onnx.save(model, str(graph))
    with pytest.raises(ModelLoadError, match=r"failed:ONNX Runtime only .*is till opset \d+"):
        sessions.opened(graph, threads=1, name="net.onnx")
