from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from workbench.tables.sample import Cell, Column, known_values

_ML = "ai.onnx.ml"


def _known(nodes: list[NodeProto], *, width: int = 3, constants: dict[str, int] | None = None) -> dict[Column, Cell]:
    inputs = [helper.make_tensor_value_info("X", TensorProto.STRING, [None, width])]
    weights = [numpy_helper.from_array(np.array([value]), name) for name, value in (constants or {}).items()]
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        onnx.save(helper.make_model(helper.make_graph(nodes, "g", inputs, [], weights)), file.name)
        return known_values(Path(file.name), {"X": width})


def _encoder(source: str, **known: object) -> NodeProto:
    return helper.make_node("OneHotEncoder", [source], [f"{source}_encoded"], domain=_ML, **known)


@pytest.mark.parametrize("picks", ["Gather", "ArrayFeatureExtractor"])
def test_each_column_of_an_input_has_values_of_its_own(picks: str) -> None:
    nodes = [
        helper.make_node(picks, ["X", "two"], ["a"]),
        helper.make_node("Reshape", ["a", "one"], ["b"]),
        _encoder("b", cats_strings=["Bonn", "Oslo"]),
        helper.make_node(picks, ["X", "zero"], ["c"]),
        _encoder("c", cats_int64s=[7, 8]),
    ]
    assert _known(nodes, constants={"two": 2, "one": 1, "zero": 0}) == {("X", 2): "Bonn", ("X", 0): 7}


def test_columns_side_by_side_and_other_encoders() -> None:
    nodes = [
        helper.make_node("Concat", ["X", "X"], ["both"], axis=1),
        helper.make_node("LabelEncoder", ["both"], ["d"], domain=_ML, keys_strings=["low"], values_int64s=[1]),
        _encoder("X", cats_strings=["later"]),
        helper.make_node("Add", ["unknown", "X"], ["e"]),
        _encoder("e", cats_strings=["never"]),
    ]
    assert _known(nodes, width=1) == {("X", 0): "low"}
    keys = numpy_helper.from_array(np.array([4.5]), "keys")
    encoder = helper.make_node("LabelEncoder", ["X"], ["d"], domain=_ML, keys_tensor=keys)
    assert _known([encoder], width=1) == {("X", 0): 4.5}
    assert _known([_encoder("X", zeros=1)], width=1) == {}
