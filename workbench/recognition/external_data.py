"""Files beside a graph that hold its weights, as exporters of large networks write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import RecognitionError
from workbench.store import broken_file

_LOCATION = "location"


def names_in(model: Any) -> list[str]:
    """Names of the files, relative to the graph's, of an ``onnx.ModelProto``."""
    return list(dict.fromkeys(name for tensor in tensors(model.graph) if (name := _location(tensor))))


def names_of(graph: Path) -> list[str]:
    """Names of the files of a graph, relative to it; none of a file that is no graph."""
    import onnx

    try:
        return names_in(onnx.load(str(graph), load_external_data=False))
    except Exception:  # noqa: BLE001 (protobuf's own error classes differ between its versions)
        return []


def require(graph: Path, names: Sequence[str]) -> None:
    """Refuse a graph whose weights are not there.

    Raises:
        RecognitionError: a file is missing, or lies outside the graph's folder, where ONNX Runtime reads none; or it
            only points to the weights.
    """
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise RecognitionError(f"{graph} has its weights in {name}, outside its folder; export it into one folder")
        if not (graph.parent / name).is_file():
            raise RecognitionError(
                f"{graph} has its weights in {name}, which is not there; copy it beside the graph, under this name"
            )
        if told := broken_file.pointer(graph.parent / name):
            raise RecognitionError(f"{graph} has its weights in {name}: {told}")


def _location(tensor: Any) -> str | None:
    return next((entry.value for entry in tensor.external_data if entry.key == _LOCATION), None)


def tensors(graph: Any) -> Iterator[Any]:
    """Weights and constants of an ``onnx.GraphProto`` and of the graphs within its nodes."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in (*((attribute.g,) if attribute.HasField("g") else ()), *attribute.graphs):
                yield from tensors(inner)
