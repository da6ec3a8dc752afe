"""A user's PyTorch module with SageMaker's default hooks; on a stand-in where PyTorch is not installed."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.hooks import default_hooks
from ipc_ai_serving.hooks.user_application import UserHooks


class _Tensor:
    """As much of a tensor as the hooks use."""

    def __init__(self, array: Any, *, needs_gradient: bool = False) -> None:
        self._array = array
        self._needs_gradient = needs_gradient
        self.dtype = array.dtype

    def to(self, device: str) -> _Tensor:
        assert device == "cpu"
        return self

    def detach(self) -> _Tensor:
        return _Tensor(self._array)

    def cpu(self) -> _Tensor:
        return self

    def numpy(self) -> Any:
        assert not self._needs_gradient
        return self._array

    def tolist(self) -> Any:
        return self._array.tolist()


class _Module:
    training = True

    def to(self, device: str) -> _Module:
        assert device == "cpu"
        return self

    def eval(self) -> _Module:
        self.training = False
        return self

    def __call__(self, data: Any) -> Any:
        return self.forward(data)  # type: ignore[attr-defined]


def _stand_in() -> ModuleType:
    torch = ModuleType("torch")
    gradients: dict[str, Any] = {"on": True}

    @contextlib.contextmanager
    def no_grad() -> Iterator[None]:
        gradients["on"] = False
        yield
        gradients["on"] = True

    def from_numpy(array: Any) -> _Tensor:
        if array.dtype.kind not in "bif":
            raise TypeError("can't convert this")
        return _Tensor(array)

    vars(torch).update(
        Tensor=_Tensor,
        as_tensor=from_numpy,
        cuda=SimpleNamespace(is_available=lambda: False),
        device=str,
        from_numpy=from_numpy,
        is_grad_enabled=lambda: gradients["on"],
        nn=SimpleNamespace(Module=_Module),
        no_grad=no_grad,
    )
    return torch


@pytest.fixture(params=["stand-in", "installed"])
def torch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    loaded = _stand_in() if request.param == "stand-in" else pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "torch", loaded)
    return loaded


def _npy(array: Any) -> bytes:
    with io.BytesIO() as file:
        np.save(file, array)
        return file.getvalue()


def _decoded(body: bytes, kind: str) -> Any:
    if kind == "application/x-npy":
        return np.load(io.BytesIO(body)).tolist()
    return json.loads(body) if kind == "application/json" else np.genfromtxt(io.BytesIO(body), delimiter=",").tolist()


ROWS = [[1.0, 2.5], [3.0, 4.0]]
BODIES = {
    "application/json": b"[[1, 2.5], [3, 4]]",
    "text/csv": b"1,2.5\n3,4",
    "application/x-npy": _npy(np.array(ROWS, np.float32)),
}


@pytest.mark.parametrize("accept", BODIES)
@pytest.mark.parametrize("content_type", BODIES)
def test_a_module_gets_a_tensor_in_evaluation_mode(torch: Any, content_type: str, accept: str) -> None:
    seen: list[Any] = []

    class Net(torch.nn.Module):  # type: ignore[misc]
        def forward(self, data: Any) -> Any:
            assert isinstance(data, torch.Tensor)
            seen.extend([data.numpy().dtype, self.training, torch.is_grad_enabled()])
            return data

    body: Any = BODIES[content_type] if content_type == "application/x-npy" else BODIES[content_type].decode()
    answer = default_hooks.output_fn(
        default_hooks.predict_fn(default_hooks.input_fn(body, content_type), Net()), accept
    )
    assert _decoded(*answer) == ROWS
    assert seen == [np.float32, False, False]


def test_npy_keeps_its_type(torch: Any) -> None:
    """Networks that start with an embedding take whole numbers."""
    tensor = default_hooks.input_fn(_npy(np.array([[1, 2]], np.int64)), "application/x-npy")
    assert tensor.numpy().dtype == np.int64


def test_an_array_that_no_tensor_can_hold_is_the_clients_mistake(torch: Any) -> None:
    with pytest.raises(ClientError, match="not valid application/x-npy"):
        default_hooks.input_fn(_npy(np.array(["word"])), "application/x-npy")


def test_a_model_of_another_library_beside_torch_gets_arrays(torch: Any) -> None:
    model = SimpleNamespace(predict=lambda rows: rows.sum(axis=1))
    data = default_hooks.input_fn("[[1, 2], [3, 4]]", "application/json")
    assert default_hooks.output_fn(default_hooks.predict_fn(data, model), "application/json")[0] == b"[3.0, 7.0]"


def test_a_function_gets_a_tensor(torch: Any) -> None:
    data = default_hooks.input_fn("[1]", "application/json")
    assert default_hooks.predict_fn(data, lambda given: type(given)) is type(data)


@pytest.fixture
def real_torch() -> Any:
    return pytest.importorskip("torch")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", ["model.pt", "net.pth"])
def test_torchscript_needs_no_model_fn(real_torch: Any, tmp_path: Path, name: str) -> None:
    torch = real_torch
    net = torch.nn.Linear(2, 1)
    torch.jit.save(torch.jit.script(net), str(tmp_path / name))
    (tmp_path / "inference.py").write_text("import torch")
    hooks = UserHooks.load(tmp_path)
    data = hooks.input_fn(b"[[1, 2]]", "application/json")
    answer = hooks.output_fn(hooks.predict_fn(data, hooks.model_fn(str(tmp_path))), None).body
    expected = net(torch.tensor([[1.0, 2.0]])).tolist()
    assert json.loads(answer) == expected
    (tmp_path / name).unlink()
    torch.save(net.state_dict(), tmp_path / name)
    with pytest.raises(ModelLoadError, match="is not TorchScript"):
        hooks.model_fn(str(tmp_path))
