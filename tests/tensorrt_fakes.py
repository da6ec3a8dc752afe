"""NVIDIA's driver and TensorRT as the serving program sees them, and a classifier with an open batch."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import onnx
import pytest

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines.onnxruntime import providers, sessions, tensorrt
from tests.tiny_models import write_classifier
from workbench.store import model_folder


def batched_model(folder: Path, *, factor: float = 10) -> Model:
    """Write the folder of the tiny classifier with an open batch; another factor makes another graph."""
    write_classifier(folder)
    path = folder / "colours.onnx"
    proto = onnx.load(str(path))
    for each in (*proto.graph.input, *proto.graph.output):
        each.type.tensor_type.shape.dim[0].dim_param = "batch"
    weights = onnx.numpy_helper.to_array(proto.graph.initializer[0])
    proto.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights * (factor / 10), "weights"))
    onnx.save(proto, str(path))
    return model_folder.read(folder)


class FakeDriver:
    """NVIDIA's driver with one GPU, or with an error."""

    def __init__(self, *, name: str = "NVIDIA A10G", failure: int = 0) -> None:
        self.name = name
        self.failure = failure

    def cuInit(self, _flags: int) -> int:  # noqa: N802 the driver's own name
        return self.failure

    def cuDeviceGet(self, _device: Any, number: int) -> int:  # noqa: N802 the driver's own name
        return 0 if number == 0 else 101  # CUDA_ERROR_INVALID_DEVICE

    def cuDeviceGetName(self, buffer: Any, size: int, _device: Any) -> int:  # noqa: N802 the driver's own name
        assert size == len(buffer)
        ctypes.memmove(buffer, self.name.encode() + b"\0", len(self.name) + 1)
        return 0


class _Library:
    def __init__(self, fake: FakeTensorRt) -> None:
        self._fake = fake

    def getInferLibVersion(self) -> int:  # noqa: N802 TensorRT's own name
        return self._fake.release


class _Session:
    """A session of the CPU that says that TensorRT computes it."""

    def __init__(self, session: Any, fake: FakeTensorRt) -> None:
        self._session = session
        self._fake = fake

    def get_providers(self) -> list[str]:
        return [providers.TENSORRT, providers.CPU]

    def run(self, names: list[str], inputs: dict[str, Any]) -> Any:
        self._fake.batches.append(len(inputs["images"]))
        return self._session.run(names, inputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class FakeTensorRt:
    """TensorRT that builds an engine where none is kept, as the runtime does.

    Attributes:
        gpu, release: as the driver and the library tell.
        takes_graph: whether it computes a part of the graph.
        options: of every session.
        built: engines that were built.
        batches: frames of every pass.
    """

    def __init__(self) -> None:
        self.gpu, self.release, self.takes_graph = "NVIDIA A10G", 101601, True
        self.options: list[providers.Options] = []
        self.built = 0
        self.batches: list[int] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        opened = sessions.opened

        def open_(graph: Any, **asked: Any) -> Any:
            options = asked.pop("tensorrt", None)
            session = opened(graph, **asked)
            if options is None:
                return session
            self.options.append(options)
            engine = Path(str(options["trt_engine_cache_path"])) / "TensorrtExecutionProvider_0_sm86.engine"
            if self.takes_graph and not engine.exists():
                engine.write_bytes(b"engine")
                self.built += 1
            return _Session(session, self)

        monkeypatch.setattr(sessions, "opened", open_)
        monkeypatch.setattr(tensorrt, "missing", lambda: None)
        monkeypatch.setattr(tensorrt, "gpu_name", lambda: self.gpu)
        monkeypatch.setattr(tensorrt, "_library", lambda _name: _Library(self))
