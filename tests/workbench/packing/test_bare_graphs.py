from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.onnx_graphs import write_yolox
from tests.table_graphs import write_tree
from workbench.errors import RecognitionError
from workbench.packing import bare_graphs
from workbench.recognition.recogniser import Recogniser


def _folder(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('{"files": {"any": [{"name": "described.onnx"}]}}' if name.endswith("json") else "")
    return folder


@pytest.mark.parametrize(
    ("names", "graph"),
    [
        (["net.onnx"], "net.onnx"),
        (["NET.ONNX"], "NET.ONNX"),
        (["onnx/model.onnx", "config.json", "model.safetensors", "modeling_own.py"], "onnx/model.onnx"),
        (["yolo.onnx", "yolo.pt", "readme.md", "requirements.txt", "train.py"], "yolo.onnx"),
        (["onnx/model.onnx", "onnx/model_fp16.onnx", "onnx/model_quantized.onnx"], "onnx/model.onnx"),
        ([".cache/a.onnx", "__MACOSX/b.onnx", "c.onnx"], "c.onnx"),
        (["net.onnx", "model.json"], None),
        (["net/net.onnx", "net/model.json"], None),
        (["net.onnx", "code/inference.py"], None),
        (["net.onnx", "inference.py"], None),
        (["net.onnx", "net-symbol.json"], None),
        (["net.onnx", "1/saved_model.pb"], None),
        (["net.pt"], None),
    ],
)
def test_the_graph_of_a_folder(tmp_path: Path, names: list[str], graph: str | None) -> None:
    found = bare_graphs.graph_of(_folder(tmp_path, *names))
    assert found == (graph and tmp_path / graph)
    if graph is not None:
        assert bare_graphs.graph_of(tmp_path / graph) == tmp_path / graph


def test_a_program_of_another_name_is_one(tmp_path: Path) -> None:
    (_folder(tmp_path, "net.onnx") / "serve.py").write_text("def model_fn(model_dir): ...")
    assert bare_graphs.graph_of(tmp_path) is None


def test_several_graphs_are_named_and_asked_for(tmp_path: Path) -> None:
    names = ["det_10g.onnx", "w600k_r50.onnx", "more/genderage.onnx"]
    with pytest.raises(
        RecognitionError, match=r"has 3 graphs, det_10g\.onnx, more/genderage\.onnx, w600k_r50\.onnx; name"
    ):
        bare_graphs.graph_of(_folder(tmp_path / "a", *names))
    with pytest.raises(RecognitionError, match=r"has 2 graphs, a/model\.onnx, b/model\.onnx; name one"):
        bare_graphs.graph_of(_folder(tmp_path / "b", "a/model.onnx", "b/model.onnx"))


def test_a_described_file_counts_only_where_it_is_asked_for(tmp_path: Path) -> None:
    _folder(tmp_path, "described.onnx", "other.onnx", "model.json")
    assert bare_graphs.graph_of(tmp_path / "described.onnx") is None
    assert bare_graphs.graph_of(tmp_path / "described.onnx", described_too=True) == tmp_path / "described.onnx"
    assert bare_graphs.graph_of(tmp_path / "other.onnx") == tmp_path / "other.onnx"


def test_a_choice_is_evidence(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate/onnx/model.onnx")
    (tmp_path / "gate/onnx/model_fp16.onnx").write_bytes(b"")
    recogniser = Recogniser()
    with ExitStack() as opened:
        folder = bare_graphs.as_model_folder(tmp_path / "gate", recogniser, opened)
        assert folder is not None
        assert folder.name == "gate"
    assert recogniser.found[0].because[0] == "model.onnx is taken, and model_fp16.onnx left out"


def test_tables_are_left_to_those_who_know_them(tmp_path: Path) -> None:
    write_tree(tmp_path / "iris.onnx")
    with ExitStack() as opened:
        assert bare_graphs.as_model_folder(tmp_path / "iris.onnx", Recogniser(), opened) is None
