"""Default hooks of SageMaker's containers of PyTorch, scikit-learn and MXNet, for a module that defines none.

Input and output are JSON, CSV or NPY; beyond SageMaker's defaults, input may also be ``frames``. Where the user's
program has imported PyTorch, data is a tensor on the GPU if there is one; elsewhere it is an array of float32, which
``engines.mxnet.defaults`` converts for a model of MXNet. Sources: ``decoder.py`` and ``encoder.py`` of
sagemaker-inference-toolkit; ``default_pytorch_inference_handler.py`` of sagemaker-pytorch-inference-toolkit;
``serving.py`` of sagemaker-scikit-learn-container.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
import json
import logging
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving import frames
from ipc_ai_serving.engines.mxnet import defaults as mxnet_defaults
from ipc_ai_serving.errors import ClientError, ModelFailedError, ModelLoadError, UnsupportedMediaTypeError
from ipc_ai_serving.hooks.accept import CSV, JSON, KNOWN, NPY
from ipc_ai_serving.hooks.json_answers import plain, to_json

logger = logging.getLogger(__name__)

_MAX_SAID = 300  # characters of a model's own message
_TORCH_FILE = "model.pt"
_TORCH_SUFFIXES = (".pt", ".pth")


def finds_model(model_dir: Path) -> bool:
    """Tell whether the folder holds files that ``model_fn`` loads."""
    return mxnet_defaults.saved_in(model_dir) or _torch_file(model_dir) is not None


def model_fn(model_dir: str) -> Any:
    """Load MXNet's module in ``model-symbol.json``, or TorchScript in ``model.pt`` or the only .pt or .pth file.

    Raises:
        ModelLoadError: there is no such file, it does not load, or its framework is not installed.
    """
    if mxnet_defaults.saved_in(Path(model_dir)):
        return mxnet_defaults.load(Path(model_dir))
    file = _torch_file(Path(model_dir))
    if file is None:
        raise ModelLoadError("inference.py must define model_fn(model_dir), which loads the model")
    if importlib.util.find_spec("torch") is None:
        raise ModelLoadError(
            f"inference.py must define model_fn(model_dir), or requirements.txt name torch, which loads {file.name}"
        )
    torch = importlib.import_module("torch")
    try:
        return torch.jit.load(str(file), map_location=_device(torch))
    except RuntimeError as error:
        raise ModelLoadError(
            f"{file.name} is not TorchScript; define model_fn(model_dir), which loads it: {error}"
        ) from error


def input_fn(data: str | bytes, content_type: str) -> Any:
    """Decode the body to a tensor where PyTorch is in use, else to an array; frames as in ``frames.frames_in``.

    Numbers of JSON and CSV are float32, and a missing one is not-a-number. NPY keeps its type.

    Raises:
        ClientError: the body does not fit its content type.
        UnsupportedMediaTypeError: neither JSON, CSV, NPY nor an image.
    """
    sent = frames.frames_in(data, content_type)
    if sent is not None:
        return sent
    decoders: dict[str, Callable[[Any], Any]] = {JSON: _from_json, CSV: _from_csv, NPY: from_npy}
    if content_type not in decoders:
        raise UnsupportedMediaTypeError(
            f"content type '{content_type}' is not supported; send {', '.join(KNOWN)} or an image, or define input_fn"
        )
    torch = sys.modules.get("torch")
    try:
        array = decoders[content_type](data)
        return torch.from_numpy(array).to(_device(torch)) if torch else array
    except (ValueError, TypeError, EOFError, OverflowError, RecursionError) as error:
        raise ClientError(f"the body is not valid {content_type}: {error}") from error


def predict_fn(data: Any, model: Any) -> Any:
    """Call a PyTorch module in evaluation mode; of other models ``model.predict(data)``, or else ``model(data)``.

    Raises:
        ModelFailedError: the model can be called in neither way.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return _called(model, data)
    with torch.no_grad():
        if isinstance(model, torch.nn.Module):
            device = _device(torch)
            data = data if hasattr(data, "to") else torch.as_tensor(np.asarray(data, np.float32))
            return model.to(device).eval()(data.to(device))
        # A model of another library beside PyTorch, scikit-learn for example, takes arrays.
        is_array = isinstance(data, torch.Tensor) and hasattr(model, "predict")
        return _called(model, data.cpu().numpy() if is_array else data)


def predict_sent_data(data: Any, model: Any) -> Any:
    """Predict with data of the default ``input_fn``, where a refusal of the model is the client's error.

    Raises:
        ClientError: the model refuses the data: another shape, not-a-number, an image instead of a table.
        ModelFailedError: the model cannot be called with data alone, whatever they are.
    """
    try:
        return predict_fn(data, model)
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        if type(error).__name__ == "OutOfMemoryError":  # PyTorch's
            raise
        if not _takes_data_alone(model):
            raise _no_model(model) from error
        logger.warning("the model does not take the data", exc_info=True)
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise ClientError(f"the model does not take this data: {said[:_MAX_SAID]}") from error


def output_fn(prediction: Any, accept: str) -> tuple[bytes, str]:
    """Encode the prediction in the accepted form.

    Raises:
        UnsupportedMediaTypeError: neither JSON, CSV nor NPY, or a prediction that does not fit into a table.
    """
    prediction = plain(prediction) if hasattr(prediction, "detach") or hasattr(prediction, "asnumpy") else prediction
    encoders: dict[str, Callable[[Any], bytes]] = {JSON: to_json, CSV: _to_csv, NPY: _to_npy}
    if accept not in encoders:
        raise UnsupportedMediaTypeError(f"'{accept}' cannot be answered; accept {', '.join(KNOWN)}")
    return encoders[accept](prediction), accept


def _torch_file(model_dir: Path) -> Path | None:
    # macOS puts ._NAME beside each file of an archive.
    found = sorted(path for path in model_dir.glob("[!.]*") if path.suffix in _TORCH_SUFFIXES)
    default = model_dir / _TORCH_FILE
    if default in found:
        return default
    return found[0] if len(found) == 1 else None


def _device(torch: Any) -> Any:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _called(model: Any, data: Any) -> Any:
    if hasattr(model, "predict"):
        return model.predict(data)
    if not callable(model):
        raise _no_model(model)
    return model(data)


def _takes_data_alone(model: Any) -> bool:
    """Tell whether ``predict``, or the model itself, can be called with one argument, as far as Python knows."""
    called = getattr(model, "predict", None) or getattr(model, "forward", model)
    try:
        inspect.signature(called).bind(None)
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True


def _no_model(model: Any) -> ModelFailedError:
    return ModelFailedError(
        f"model_fn returned {type(model).__name__}, and the default predict_fn calls model.predict(data) or "
        "model(data); define predict_fn(data, model), or let model_fn return a model that takes data alone"
    )


def _from_json(data: str | bytes) -> Any:
    document = json.loads(data)
    if isinstance(document, dict):
        raise ValueError("it must be a list of numbers, or of rows of them, not an object")
    return _numbers(document)


def _from_csv(data: str | bytes) -> Any:
    """Read CSV as ``numpy.genfromtxt``: an empty cell is not-a-number, one row or one column has one dimension.

    Unlike there, columns of whole numbers may stand beside columns of fractions, and a word is an error.
    """
    text = data if isinstance(data, str) else data.decode()
    lines = [line for line in text.splitlines() if line.strip()]
    return _numbers(
        [[float(cell) if cell.strip() else math.nan for cell in line.split(",")] for line in lines]
    ).squeeze()


def _numbers(document: Any) -> Any:
    try:
        with np.errstate(over="ignore"):  # a number beyond float32 becomes infinite
            return np.array(document, np.float32)
    except ValueError as error:
        if "sequence" in str(error):
            raise ValueError("its rows have different lengths") from error
        raise


def from_npy(data: bytes) -> Any:
    """Read an array of NumPy's file format.

    Raises:
        ValueError: it is none, or has objects.
    """
    return np.load(io.BytesIO(data), allow_pickle=False)


def _to_csv(prediction: Any) -> bytes:
    table = np.atleast_1d(np.asarray(prediction))
    if table.ndim > 2:
        raise UnsupportedMediaTypeError(f"{table.ndim} dimensions do not fit into {CSV}; accept {JSON} or {NPY}")
    with io.StringIO() as file:
        np.savetxt(file, table, delimiter=",", fmt="%s")
        return file.getvalue().encode()


def _to_npy(prediction: Any) -> bytes:
    with io.BytesIO() as file:
        np.save(file, np.asarray(prediction), allow_pickle=False)
        return file.getvalue()
