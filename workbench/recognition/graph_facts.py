"""Facts of an ONNX file by which it is recognised: inputs, outputs, metadata, producer and operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import RecognitionError
from workbench.recognition import external_data
from workbench.store import broken_file

Side = int | str | None
"""A side of a shape: a number, the name of one that may change, or unknown."""


@dataclass(frozen=True)
class Tensor:
    """An input or output that a graph declares.

    Attributes:
        name: its name.
        type: element type, as in ``float``, ``float16``, ``uint8``, ``int64``, ``string``.
        shape: its sides; None where the graph does not even tell how many there are.
    """

    name: str
    type: str
    shape: tuple[Side, ...] | None

    @property
    def rank(self) -> int | None:
        """Number of sides."""
        return None if self.shape is None else len(self.shape)


@dataclass(frozen=True)
class GraphFacts:
    """Facts of a graph.

    Attributes:
        path: its file.
        inputs: what it takes, weights aside.
        outputs: what it returns.
        metadata: what the exporter wrote into it (Ultralytics: names, stride, task, imgsz).
        producer: name and version of the exporter.
        operators: operators by ``domain:name``, without the domain for ONNX's own.
        data: files of weights, relative to its own.
    """

    path: Path
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    producer: str
    operators: frozenset[str]
    data: tuple[str, ...] = ()

    @property
    def frames(self) -> Tensor | None:
        """The input that takes frames: the only one of four sides."""
        found = [each for each in self.inputs if each.rank == 4]
        return found[0] if len(found) == 1 else None


def read(path: Path) -> GraphFacts:
    """Read the facts of a file, without its weights where these are in files beside it.

    Raises:
        RecognitionError: it is no ONNX graph, or is cut off.
    """
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except OSError:
        raise
    except Exception as error:  # protobuf's own error classes differ between its versions
        raise _no_graph(path, ", or is cut off") from error
    weights = {each.name for each in model.graph.initializer}
    inputs = tuple(_tensor(each) for each in model.graph.input if each.name not in weights)
    outputs = tuple(map(_tensor, model.graph.output))
    if not inputs or not outputs:
        raise _no_graph(path, " with inputs and outputs")
    operators = frozenset(f"{node.domain}:{node.op_type}".removeprefix(":") for node in model.graph.node)
    metadata = {each.key: each.value for each in model.metadata_props}
    producer = f"{model.producer_name} {model.producer_version}".strip()
    return GraphFacts(path, inputs, outputs, metadata, producer, operators, tuple(external_data.names_in(model)))


def _no_graph(path: Path, otherwise: str) -> RecognitionError:
    """Error that says what the file is; ``otherwise`` where that cannot be told."""
    if told := broken_file.told(path):
        return RecognitionError(f"{path} is no ONNX graph: {told}")
    return RecognitionError(f"{path} is no ONNX graph{otherwise}; export it again, or copy it again")


def _tensor(declared: Any) -> Tensor:
    import onnx

    kind = declared.type.tensor_type
    if declared.type.WhichOneof("value") != "tensor_type":
        return Tensor(declared.name, str(declared.type.WhichOneof("value")), None)
    name = onnx.TensorProto.DataType.Name(kind.elem_type).lower()
    if not kind.HasField("shape"):
        return Tensor(declared.name, name, None)
    return Tensor(declared.name, name, tuple(map(_side, kind.shape.dim)))


def _side(declared: Any) -> Side:
    """Side of a shape; some exporters write -1 or 0 for one that may change."""
    return declared.dim_value if declared.dim_value > 0 else declared.dim_param or None
