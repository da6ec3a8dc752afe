"""What SageMaker's PyTorch and scikit-learn containers do where a user's module defines no hook.

JSON, CSV and NPY in, and beyond SageMaker's defaults ``frames``; a model with ``predict`` (scikit-learn) or one that
is called (PyTorch); JSON, CSV and NPY out. Source: sagemaker-inference-toolkit, ``decoder.py`` and ``encoder.py``,
and the default handlers of both.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from serving import frames
from serving.errors import ClientError, UnsupportedMediaTypeError

_JSON, _CSV, _NPY = "application/json", "text/csv", "application/x-npy"
_KNOWN = (_JSON, _CSV, _NPY)


def accepted(accept: str | None) -> str:
    """The content type of the answer: the first of the header that is known, JSON when anything will do.

    A type that no default knows is handed on as it is, for the user's own ``output_fn``.
    """
    wanted = [part.split(";")[0].strip().lower() for part in (accept or "").split(",")]
    known = next((kind for kind in wanted if kind in _KNOWN), None)
    return known or (_JSON if wanted[0] in ("", "*/*", "application/*") else wanted[0])


def input_fn(data: str | bytes, content_type: str) -> Any:
    """The body as an array; frames as ``frames.frames_in`` gives them.

    Raises:
        ClientError: it does not hold what its content type says.
        UnsupportedMediaTypeError: neither JSON, CSV, NPY nor an image.
    """
    sent = frames.frames_in(data, content_type)
    if sent is not None:
        return sent
    decoders: dict[str, Callable[[Any], Any]] = {_JSON: _from_json, _CSV: _from_csv, _NPY: _from_npy}
    if content_type not in decoders:
        raise UnsupportedMediaTypeError(
            f"content type '{content_type}' is not supported; send {', '.join(_KNOWN)} or an image, or define input_fn"
        )
    try:
        return decoders[content_type](data)
    except (ValueError, TypeError, EOFError, RecursionError) as error:
        raise ClientError(f"the body is not valid {content_type}: {error}") from error


def predict_fn(data: Any, model: Any) -> Any:
    """``model.predict(data)``, or for a PyTorch module ``model(data)`` without gradients."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        with torch.no_grad():
            model.eval()
            return model(torch.as_tensor(np.asarray(data, np.float32)))
    return model.predict(data) if hasattr(model, "predict") else model(data)


def output_fn(prediction: Any, accept: str) -> tuple[bytes, str]:
    """The prediction in the accepted form.

    Raises:
        UnsupportedMediaTypeError: neither JSON, CSV nor NPY.
    """
    if hasattr(prediction, "detach"):  # a PyTorch tensor
        prediction = prediction.detach().cpu().numpy()
    encoders: dict[str, Callable[[Any], bytes]] = {_JSON: _to_json, _CSV: _to_csv, _NPY: _to_npy}
    if accept not in encoders:
        raise UnsupportedMediaTypeError(f"'{accept}' cannot be answered; accept {', '.join(_KNOWN)}")
    return encoders[accept](prediction), accept


def _from_json(data: str | bytes) -> Any:
    document = json.loads(data)
    array = np.array(document)
    if array.dtype == object:
        raise ValueError("its rows have different lengths")
    return array


def _from_csv(data: str | bytes) -> Any:
    text = data if isinstance(data, str) else data.decode()
    return np.genfromtxt(text.splitlines(), delimiter=",", dtype=None, encoding="utf-8")


def _from_npy(data: bytes) -> Any:
    return np.load(io.BytesIO(data), allow_pickle=False)


def _to_json(prediction: Any) -> bytes:
    return json.dumps(prediction, default=lambda value: value.tolist()).encode()


def _to_csv(prediction: Any) -> bytes:
    with io.StringIO() as file:
        np.savetxt(file, np.atleast_1d(np.asarray(prediction)), delimiter=",", fmt="%s")
        return file.getvalue().encode()


def _to_npy(prediction: Any) -> bytes:
    with io.BytesIO() as file:
        np.save(file, np.asarray(prediction), allow_pickle=False)
        return file.getvalue()
