"""A user's MXNet module with SageMaker's default hooks: what the container's training saves, and Gluon blocks."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import mxnet
import numpy as np
import pytest

from ipc_ai_serving.errors import ClientError, ModelLoadError
from tests.user_programs import answer_of, load_hooks, npy

# y = x0 + 2 * x1 + 0.5, over an input of shape (1, 2).
_ANSWERS = [[5.5], [2.5]]
_ROWS = [[1.0, 2.0], [2.0, 0.0]]
_BLOCK = """\
import mxnet as mx
from mxnet import gluon


def model_fn(model_dir):
    net = gluon.nn.Dense(1, in_units=2)
    net.initialize()
    net.weight.set_data(mx.nd.array([[1, 2]]))
    net.bias.set_data(mx.nd.array([0.5]))
    return net
"""


@pytest.fixture(autouse=True)
def forgotten_module() -> Iterator[None]:
    path = list(sys.path)
    yield
    sys.path[:] = path
    sys.modules.pop("inference", None)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Files that SageMaker's MXNet container saves after training, with a label that only training needs."""
    data = mxnet.sym.Variable("data")
    layer = mxnet.sym.FullyConnected(mxnet.sym.Flatten(data), num_hidden=1, name="layer")
    mxnet.sym.LinearRegressionOutput(layer, mxnet.sym.Variable("label")).save(str(tmp_path / "model-symbol.json"))
    weights = {"arg:layer_weight": mxnet.nd.array([[1, 2]]), "arg:layer_bias": mxnet.nd.array([0.5])}
    mxnet.nd.save(str(tmp_path / "model-0000.params"), weights)
    (tmp_path / "model-shapes.json").write_text(json.dumps([{"name": "data", "shape": [100, 1, 2]}]))
    return tmp_path


_BODIES = pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[[1, 2], [2, 0]]", "application/json"),
        (b"1,2\n2,0\n", "text/csv"),
        (npy(_ROWS), "application/x-npy"),
        (npy(np.array(_ROWS, np.uint8)), "application/x-npy"),
    ],
)


@_BODIES
def test_an_empty_program_serves_what_training_saved(saved: Path, body: bytes, content_type: str) -> None:
    """The program of the toolkit's own test is empty; its rows are flat where the network's are not."""
    hooks = load_hooks(saved)
    assert json.loads(answer_of(hooks, saved, body, content_type)[0]) == _ANSWERS
    assert answer_of(hooks, saved, body, content_type, "text/csv") == (b"5.5\n2.5\n", "text/csv")
    assert np.load(io.BytesIO(answer_of(hooks, saved, body, content_type, "application/x-npy")[0])).tolist() == _ANSWERS


def test_one_line_of_csv_is_one_row(saved: Path) -> None:
    assert answer_of(load_hooks(saved), saved, b"1,2", "text/csv")[0] == b"[[5.5]]"


@_BODIES
def test_a_block_gets_an_ndarray(tmp_path: Path, body: bytes, content_type: str) -> None:
    assert json.loads(answer_of(load_hooks(tmp_path, _BLOCK), tmp_path, body, content_type)[0]) == _ANSWERS


def test_a_predict_fn_of_ones_own_gets_an_ndarray_too(tmp_path: Path) -> None:
    own = "\n\ndef predict_fn(data, net):\n    return mx.nd.argmin(net(data), axis=0)\n"
    assert (
        answer_of(load_hooks(tmp_path, _BLOCK + own), tmp_path, b"[[1, 2], [2, 0]]", "application/json")[0] == b"[1.0]"
    )


def test_several_outputs_are_a_list(tmp_path: Path) -> None:
    own = "\n\ndef predict_fn(data, net):\n    return [net(data), data]\n"
    answer = answer_of(load_hooks(tmp_path, _BLOCK + own), tmp_path, b"[[1, 2]]", "application/json")
    assert answer == (b"[[[5.5]], [[1.0, 2.0]]]", "application/json")


def test_fewer_rows_than_the_modules_batch_are_filled_up(saved: Path) -> None:
    bound = (
        "import mxnet as mx\n\n\ndef model_fn(folder):\n"
        "    symbol, arguments, states = mx.model.load_checkpoint(folder + '/model', 0)\n"
        "    module = mx.mod.Module(symbol, label_names=None)\n"
        "    module.bind([('data', (4, 1, 2))], for_training=False)\n"
        "    module.set_params(arguments, states, allow_missing=True)\n"
        "    return module\n"
    )
    hooks = load_hooks(saved, bound)
    assert json.loads(answer_of(hooks, saved, b"[[1, 2], [2, 0]]", "application/json")[0]) == _ANSWERS
    six = json.dumps(_ROWS * 3).encode()
    assert json.loads(answer_of(hooks, saved, six, "application/json")[0]) == _ANSWERS * 3


def test_input_fn_may_take_the_model(saved: Path) -> None:
    source = (
        "import json\n\nimport mxnet as mx\n\n\n"
        "def input_fn(data, content_type, model):\n"
        "    rows = mx.nd.array(json.loads(data)).reshape((-1, 1, 2))\n"
        "    return mx.io.NDArrayIter(rows, batch_size=model.data_shapes[0].shape[0])\n"
    )
    assert answer_of(load_hooks(saved, source), saved, b"[[1, 2], [2, 0]]", "application/json")[0] == b"[[5.5], [2.5]]"


@pytest.mark.parametrize("body", [b"[[1, 2, 3]]", b"[]"])
def test_numbers_that_fill_no_rows_are_the_clients_mistake(saved: Path, body: bytes) -> None:
    hooks = load_hooks(saved)
    with pytest.raises(ClientError, match=r"the model takes rows of shape \(1, 2\), and these are of shape"):
        answer_of(hooks, saved, body, "application/json")


@pytest.mark.parametrize("name", ["model-0000.params", "model-shapes.json", "model-symbol.json"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    hooks = load_hooks(saved)
    (saved / name).unlink()
    with pytest.raises(ModelLoadError, match=f"^{name} is missing, which the default model_fn needs"):
        hooks.model_fn(str(saved))


def test_files_that_are_no_mxnet(saved: Path) -> None:
    hooks = load_hooks(saved)
    (saved / "model-symbol.json").write_text("{}")
    with pytest.raises(ModelLoadError, match=r"model-symbol.json, .* do not load in MXNet"):
        hooks.model_fn(str(saved))


def test_a_module_of_two_inputs_wants_transform_fn(saved: Path) -> None:
    both = mxnet.sym.Variable("data") + mxnet.sym.Variable("other")
    mxnet.sym.FullyConnected(both, num_hidden=1, name="layer").save(str(saved / "model-symbol.json"))
    shapes = [{"name": name, "shape": [1, 2]} for name in ("data", "other")]
    (saved / "model-shapes.json").write_text(json.dumps(shapes))
    with pytest.raises(ClientError, match=r"several inputs \(data, other\).*define transform_fn"):
        answer_of(load_hooks(saved), saved, b"[[1, 2]]", "application/json")
