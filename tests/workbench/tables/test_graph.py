from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tests import table_graphs
from tests.tiny_models import write_ultralytics_onnx
from workbench.__main__ import main
from workbench.errors import PackageError
from workbench.tables import graph, packed_graph


def _read(path: Path) -> graph.TableGraph:
    table = graph.read(path)
    assert table is not None
    return table


def test_an_input_a_column(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    table = _read(tmp_path / "fraud.onnx")
    assert table.columns == "age (int64), income (float), city (string), is_member (bool)"
    assert table.outputs == ("output_label", "output_probability")
    assert table.because == "its exporter skl2onnx; all inputs have one or two dimensions"
    assert table.row == {"age": 0, "income": 0, "city": "Bonn", "is_member": False}


def test_one_input_of_several_columns(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx", kind=TensorProto.DOUBLE)
    table = _read(tmp_path / "fraud.onnx")
    assert (table.columns, table.row) == ("X (4 columns of double)", [0, 0, 0, 0])
    table_graphs.write_two_matrices(tmp_path / "fraud.onnx")
    table = _read(tmp_path / "fraud.onnx")
    assert (table.columns, table.row) == (
        "numbers (2 columns of float), words (2 columns of string)",
        [0, 0, "a", "a"],
    )
    table_graphs.write_regressor(tmp_path / "fraud.onnx", width=None)
    assert _read(tmp_path / "fraud.onnx").columns == "X (any number of columns of float)"


def test_an_exporter_without_a_name_is_told_by_its_operators(tmp_path: Path) -> None:
    path = tmp_path / "fraud.onnx"
    table_graphs.write_tree(path)
    model = onnx.load(str(path))
    model.producer_name = ""
    onnx.save(model, str(path))
    assert _read(path).because.startswith("its operators TreeEnsembleClassifier, ZipMap of ai.onnx.ml; all inputs have")
    table_graphs.write_copy(path, TensorProto.INT8)
    assert _read(path).because == "all inputs have one or two dimensions"


@pytest.mark.parametrize("sides", [[1, 3, 8, 8], [None, 4, 8], []])
def test_inputs_of_other_dimensions_are_no_tables(tmp_path: Path, sides: list[int | None]) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, sides)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, sides)
    made = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [out])
    onnx.save(helper.make_model(made), str(tmp_path / "net.onnx"))
    assert graph.read(tmp_path / "net.onnx") is None


def test_maps_are_no_tables(tmp_path: Path) -> None:
    number = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    value = helper.make_value_info("x", helper.make_map_type_proto(TensorProto.STRING, number))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])
    node = helper.make_node("DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml", string_vocabulary=["a"])
    onnx.save(helper.make_model(helper.make_graph([node], "g", [value], [out])), str(tmp_path / "net.onnx"))
    assert graph.read(tmp_path / "net.onnx") is None


def test_a_file_that_is_cut_off_or_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "fraud.onnx"
    table_graphs.write_columns(path)
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"<html>", b"PK\x03\x04 a zip"):
        path.write_bytes(content)
        with pytest.raises(PackageError, match=r"fraud\.onnx is no ONNX graph[^\n]+$"):
            graph.read(path)


def test_recognise_says_what_it_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    assert main(["recognise", str(tmp_path / "fraud.onnx")]) == 0
    told, takes, answers = capsys.readouterr().out.splitlines()
    assert told.startswith("table       told by its exporter skl2onnx; ")
    assert takes.startswith("takes       age (int64), income (float), city (string), is_member (bool), such as {")
    assert answers == "answers     output_label, output_probability"
    assert main(["recognise", str(tmp_path / "fraud.onnx"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["row"]["city"] == "Bonn"
    assert main(["recognise", str(tmp_path / "fraud.onnx"), "--write"]) == 2
    assert "is a model of tables, which needs no model.json; leave --write out" in capsys.readouterr().err


def test_the_graph_among_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        table_graphs.write_tree(tmp_path / f"{name}.onnx")
    write_ultralytics_onnx(tmp_path / "net.onnx")
    files = {name: tmp_path / name for name in ("a.onnx", "b.onnx", "net.onnx")}
    with pytest.raises(
        PackageError, match=r"there are a\.onnx, b\.onnx, which are models of tables; name one of the fi"
    ):
        packed_graph.found_in(files)
    named = {"model.onnx": files["b.onnx"], **files}
    found = packed_graph.found_in(named)
    assert found is not None
    assert found[0] == "model.onnx"
    del files["b.onnx"]
    assert packed_graph.found_in(files) is None
    assert packed_graph.found_in({"x.txt": tmp_path}) is None


def test_a_description_beside_a_graph_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_text("weights")
    (tmp_path / "model.json").write_text("{}")
    files = {name: tmp_path / name for name in ("net.onnx", "model.json")}
    assert packed_graph.found_in(files) is None
    table_graphs.write_tree(tmp_path / "net.onnx")  # and the description is XGBoost's own model
    found = packed_graph.found_in(files)
    assert found is not None
    assert found[0] == "net.onnx"
