"""Default hooks for a model of tables: the one .onnx file of a model's folder, without a program or with one for less.

Input is JSON, CSV or NPY in the forms of ``tables.documents``; output is the same, with the graph's own names in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipc_ai_serving.errors import ClientError, UnsupportedMediaTypeError
from ipc_ai_serving.hooks import default_hooks
from ipc_ai_serving.hooks.accept import CSV, JSON, KNOWN, NPY
from ipc_ai_serving.hooks.json_answers import to_json
from ipc_ai_serving.settings import settings
from ipc_ai_serving.tables import encoding
from ipc_ai_serving.tables.csv_rows import CsvRows
from ipc_ai_serving.tables.encoding import Outputs

if TYPE_CHECKING:
    from ipc_ai_serving.tables.model import TableModel

_GRAPH = "model.onnx"


def finds_model(model_dir: Path) -> bool:
    """Tell whether the folder holds a graph that ``model_fn`` loads."""
    return _graph(model_dir) is not None


def model_fn(model_dir: str) -> TableModel:
    """Load the graph in ``model.onnx``, or in the only .onnx file.

    Raises:
        ModelLoadError: it does not load, or is no model of tables.
    """
    from ipc_ai_serving.tables.model import TableModel  # brings ONNX Runtime's part of this program

    graph = _graph(Path(model_dir))
    assert graph is not None  # finds_model() was asked
    return TableModel.load(graph, threads=settings().engine_threads or 1)


def input_fn(data: str | bytes, content_type: str) -> Any:
    """Decode the body: a document of JSON, ``CsvRows``, or an array.

    Raises:
        ClientError: the body does not fit its content type.
        UnsupportedMediaTypeError: neither JSON, CSV nor NPY.
    """
    decoders: dict[str, Callable[[Any], Any]] = {JSON: _from_json, CSV: _from_csv, NPY: default_hooks.from_npy}
    if content_type not in decoders:
        raise UnsupportedMediaTypeError(f"content type '{content_type}' is no table's; send {', '.join(KNOWN)}")
    try:
        return decoders[content_type](data)
    except (ValueError, TypeError, EOFError, RecursionError) as error:
        raise ClientError(f"the body is not valid {content_type}: {error}") from error


def predict_fn(data: Any, model: Any) -> Any:
    """Run the graph over the rows; the data may be those of a user's own ``input_fn``.

    Raises:
        ClientError: the rows are not the graph's.
    """
    return model.predict(data)


predict_sent_data = predict_fn
"""The same for data of the default ``input_fn``: what the graph refuses is the client's error."""


def output_fn(prediction: Any, accept: str) -> tuple[bytes, str]:
    """Encode the graph's outputs in the accepted form; what a user's own ``predict_fn`` returned as elsewhere.

    Raises:
        UnsupportedMediaTypeError: neither JSON, CSV nor NPY.
    """
    if not isinstance(prediction, Outputs):
        return default_hooks.output_fn(prediction, accept)
    encoders: dict[str, Callable[[Outputs], bytes]] = {
        JSON: lambda outputs: to_json(encoding.plain(outputs)),
        CSV: encoding.csv_of,
        NPY: encoding.npy_of,
    }
    if accept not in encoders:
        raise UnsupportedMediaTypeError(f"'{accept}' cannot be answered; accept {', '.join(KNOWN)}")
    try:
        return encoders[accept](prediction), accept
    except ValueError as error:
        raise UnsupportedMediaTypeError(
            f"the outputs are no table of one row a row sent, so they do not fit into {accept}; accept {JSON}"
        ) from error


def _graph(model_dir: Path) -> Path | None:
    # macOS puts ._NAME beside each file of an archive.
    found = sorted(model_dir.glob("[!.]*.onnx"))
    default = model_dir / _GRAPH
    if default in found:
        return default
    return found[0] if len(found) == 1 else None


def _from_json(data: str | bytes) -> Any:
    return json.loads(data.removeprefix("\ufeff") if isinstance(data, str) else data)


def _from_csv(data: str | bytes) -> CsvRows:
    text = data if isinstance(data, str) else data.decode()
    return CsvRows.of(text.removeprefix("\ufeff"))  # Excel's mark of UTF-8
