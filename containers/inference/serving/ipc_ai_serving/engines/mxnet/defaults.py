"""Defaults of SageMaker's MXNet container for a user's module that defines no hook.

They load the files that its training saves, and convert data for a ``Module`` or a Gluon ``Block``. Source:
``default_inference_handler.py`` of sagemaker-mxnet-inference-toolkit. MXNet is imported here only to load a model:
a program that has one of its models has imported it already.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving.errors import ClientError, ModelLoadError

SYMBOL, PARAMS, SHAPES = "model-symbol.json", "model-0000.params", "model-shapes.json"


def saved_in(model_dir: Path) -> bool:
    """Tell if the folder holds files of the container's training, all or some."""
    return any((model_dir / name).is_file() for name in (SYMBOL, SHAPES))


def load(model_dir: Path) -> Any:
    """Load the ``Module`` of the three files, bound for one row at a time.

    Raises:
        ModelLoadError: one of them or MXNet is missing, or MXNet refuses them.
    """
    missing = [name for name in (SYMBOL, PARAMS, SHAPES) if not (model_dir / name).is_file()]
    if missing:
        raise ModelLoadError(
            f"{', '.join(missing)} is missing, which the default model_fn needs; add it, or define model_fn(model_dir)"
        )
    if importlib.util.find_spec("mxnet") is None:
        raise ModelLoadError(f"requirements.txt must name mxnet, which loads {SYMBOL}, or inference.py define model_fn")
    mxnet = importlib.import_module("mxnet")
    try:
        inputs = [
            (entry["name"], (1, *entry["shape"][1:])) for entry in json.loads((model_dir / SHAPES).read_text("utf-8"))
        ]
        symbol, arguments, states = mxnet.model.load_checkpoint(str(model_dir / "model"), 0)
        module = mxnet.mod.Module(symbol, data_names=[name for name, _ in inputs], label_names=None)
        module.bind(inputs, for_training=False)
        module.set_params(arguments, states, allow_missing=True)  # a label's layer has no parameters
    except (mxnet.MXNetError, ValueError, TypeError, KeyError) as error:
        raise ModelLoadError(f"{SYMBOL}, {PARAMS} and {SHAPES} do not load in MXNet: {error}") from error
    return module


def fed(data: Any, model: Any) -> Any:
    """Convert data of the default ``input_fn`` for a model of MXNet; for other models it stays as it is.

    A ``Block`` takes an ``NDArray`` of float32, a ``Module`` an ``NDArrayIter`` of such. Flat rows, such as those of
    CSV, get the shape of the module's input. Fewer rows than its batch are padded, and the padding's answers cut off.

    Raises:
        ClientError: the numbers do not fill rows of the module's input.
    """
    mxnet = sys.modules.get("mxnet")
    if mxnet is None or not isinstance(data, np.ndarray):
        return data
    if isinstance(model, mxnet.gluon.Block):
        return mxnet.nd.array(data, dtype=np.float32)
    if isinstance(model, mxnet.mod.BaseModule):
        return _batches(mxnet, data, model)
    return data


def _batches(mxnet: Any, data: Any, module: Any) -> Any:
    if len(module.data_shapes) != 1:
        names = ", ".join(name for name, _ in module.data_shapes)
        raise ClientError(f"the model takes several inputs ({names}), and the default hooks one; define transform_fn")
    ((_, (batch, *row)),) = module.data_shapes
    if data.shape[1:] != tuple(row):
        if not data.size or data.size % math.prod(row):
            raise ClientError(f"the model takes rows of shape {tuple(row)}, and these are of shape {data.shape[1:]}")
        data = data.reshape(-1, *row)
    filled = max(batch - len(data), 0)
    padded = np.concatenate([data, np.zeros((filled, *row), data.dtype)])
    batches = mxnet.io.NDArrayIter(mxnet.nd.array(padded, dtype=np.float32), batch_size=batch, last_batch_handle="pad")
    if filled:
        batches.getpad = lambda: filled  # rows that predict() cuts off again
    return batches
