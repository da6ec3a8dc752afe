"""Small models of tables as skl2onnx and onnxmltools export them, made without either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnx import ModelProto, TensorProto, ValueInfoProto, helper, save

_ML = "ai.onnx.ml"
Side = int | str | None


def write_tree(path: Path, *, kind: int = TensorProto.FLOAT, rows: Side = None, maps: bool = True) -> None:
    """Write one tree over four columns in one input: class 1 with 0.75 for a column 2 above 2.5, else class 0 with 1.

    Args:
        path: of the file.
        kind: type of the input.
        rows: rows that the graph takes at a time; None for any number.
        maps: whether probabilities come as maps, as with ``zipmap=True``.
    """
    nodes = [_tree("X", "label", "chances", labels=[0, 1])]
    nodes.append(
        helper.make_node("ZipMap", ["chances"], ["probabilities"], domain=_ML, classlabels_int64s=[0, 1])
        if maps
        else helper.make_node("Identity", ["chances"], ["probabilities"])
    )
    outputs = [_value("label", TensorProto.INT64, [rows])]
    outputs.append(_maps("probabilities", TensorProto.INT64) if maps else _value("probabilities", 1, [rows, 2]))
    _write(path, nodes, [_value("X", kind, [rows, 4])], outputs)


def write_columns(path: Path, *, version: str = "") -> None:
    """Write a tree over columns of their own types: "yes" with 0.75 for an age above 50, else "no" with 1.

    Args:
        path: of the file.
        version: of the exporter.
    """
    cast = {"to": TensorProto.FLOAT}
    nodes = [
        helper.make_node("Cast", ["age"], ["age_number"], **cast),
        helper.make_node("Cast", ["is_member"], ["member_number"], **cast),
        _encoder("city", "cities", ["Bonn", "Oslo", "Rome"]),
        helper.make_node("Flatten", ["cities"], ["city_numbers"], axis=1),
        helper.make_node("Concat", ["member_number", "income", "age_number", "city_numbers"], ["numbers"], axis=1),
        _tree("numbers", "output_label", "chances", labels=["no", "yes"], above=50),
        helper.make_node("ZipMap", ["chances"], ["output_probability"], domain=_ML, classlabels_strings=["no", "yes"]),
    ]
    inputs = [
        _value("age", TensorProto.INT64, [None, 1]),
        _value("income", TensorProto.FLOAT, [None, 1]),
        _value("city", TensorProto.STRING, [None, 1]),
        _value("is_member", TensorProto.BOOL, [None, 1]),
    ]
    outputs = [_value("output_label", TensorProto.STRING, [None]), _maps("output_probability", TensorProto.STRING)]
    _write(path, nodes, inputs, outputs, version=version)


def write_regressor(path: Path, *, outputs: int = 1, width: Side = 3) -> None:
    """Write a linear model whose output k is k + 1 times the sum of the columns."""
    weights = [float(number + 1) for number in range(outputs) for _ in range(3)]
    node = helper.make_node("LinearRegressor", ["X"], ["variable"], domain=_ML, coefficients=weights, targets=outputs)
    inputs = [_value("X", TensorProto.FLOAT, [None, width])]
    _write(path, [node], inputs, [_value("variable", TensorProto.FLOAT, [None, outputs])])


def write_words(path: Path, *, sides: Sequence[Side] = (None, 1)) -> None:
    """Write a graph that lowers the case of words, in a locale that images do not have."""
    nodes = [
        helper.make_node("Flatten", ["text"], ["flat"], axis=0),
        helper.make_node("Squeeze", ["flat", "first"], ["list"]),
        helper.make_node("StringNormalizer", ["list"], ["words"], case_change_action="LOWER", locale="en_US.UTF-8"),
    ]
    first = helper.make_tensor("first", TensorProto.INT64, [1], [0])
    inputs = [_value("text", TensorProto.STRING, sides)]
    _write(path, nodes, inputs, [_value("words", TensorProto.STRING, [None])], constants=[first])


def write_two_matrices(path: Path) -> None:
    """Write a graph with two columns of numbers and two of words; it answers the sum and the words."""
    nodes = [
        helper.make_node("LinearRegressor", ["numbers"], ["sum"], domain=_ML, coefficients=[1.0, 1.0], targets=1),
        helper.make_node("Identity", ["words"], ["same"]),
    ]
    inputs = [_value("numbers", TensorProto.FLOAT, [None, 2]), _value("words", TensorProto.STRING, [None, 2])]
    outputs = [_value("sum", TensorProto.FLOAT, [None, 1]), _value("same", TensorProto.STRING, [None, 2])]
    _write(path, nodes, inputs, outputs)


def write_sequence(path: Path, *, rows: Side = None) -> None:
    """Write a graph that answers its two columns twice, in a list, as models of several targets have probabilities."""
    nodes = [helper.make_node("SequenceConstruct", ["X", "X"], ["both"])]
    shape = helper.make_tensor_type_proto(TensorProto.FLOAT, [rows, 2])
    outputs = [helper.make_value_info("both", helper.make_sequence_type_proto(shape))]
    _write(path, nodes, [_value("X", TensorProto.FLOAT, [rows, 2])], outputs)


def write_copy(path: Path, kind: int) -> None:
    """Write a graph that answers its one column, of any type."""
    node = helper.make_node("Identity", ["X"], ["Y"])
    _write(path, [node], [_value("X", kind, [None, 1])], [_value("Y", kind, [None, 1])], producer="")


def _tree(source: str, label: str, chances: str, *, labels: Sequence[Any], above: float = 2.5) -> Any:
    named = {"classlabels_int64s": labels} if isinstance(labels[0], int) else {"classlabels_strings": labels}
    return helper.make_node(
        "TreeEnsembleClassifier",
        [source],
        [label, chances],
        domain=_ML,
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[2, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values=[above, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        nodes_missing_value_tracks_true=[1, 0, 0],
        class_treeids=[0, 0, 0, 0],
        class_nodeids=[1, 1, 2, 2],
        class_ids=[0, 1, 0, 1],
        class_weights=[1.0, 0.0, 0.25, 0.75],
        **named,
    )


def _encoder(source: str, target: str, words: Sequence[str]) -> Any:
    return helper.make_node("OneHotEncoder", [source], [target], domain=_ML, cats_strings=words, zeros=0)


def _value(name: str, kind: int, sides: Sequence[Side]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, sides)


def _maps(name: str, keys: int) -> ValueInfoProto:
    number = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    return helper.make_value_info(name, helper.make_sequence_type_proto(helper.make_map_type_proto(keys, number)))


def _write(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[ValueInfoProto],
    producer: str = "skl2onnx",
    version: str = "",
    constants: Sequence[TensorProto] = (),
) -> None:
    graph = helper.make_graph(nodes, "table", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid(_ML, 3)]
    model: ModelProto = helper.make_model(
        graph, opset_imports=opsets, ir_version=8, producer_name=producer, producer_version=version
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save(model, str(path))
