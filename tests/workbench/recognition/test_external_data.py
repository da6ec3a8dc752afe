from __future__ import annotations

from pathlib import Path

import pytest

from tests.onnx_graphs import write_yolox
from workbench.errors import RecognitionError
from workbench.recognition import external_data


def test_files_of_weights_are_found_under_any_name(tmp_path: Path) -> None:
    write_yolox(tmp_path / "net.onnx", data="parts/weights.pb")
    assert external_data.names_of(tmp_path / "net.onnx") == ["parts/weights.pb"]
    external_data.require(tmp_path / "net.onnx", ["parts/weights.pb"])
    write_yolox(tmp_path / "alone.onnx")
    (tmp_path / "text.onnx").write_text("weights")
    assert external_data.names_of(tmp_path / "alone.onnx") == external_data.names_of(tmp_path / "text.onnx") == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lost.data", "net.onnx has its weights in lost.data, which is not there; copy it beside the graph"),
        ("../lost.data", "net.onnx has its weights in ../lost.data, outside its folder"),
        ("/lost.data", "net.onnx has its weights in /lost.data, outside its folder"),
    ],
)
def test_weights_that_are_not_there(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(RecognitionError, match=says):
        external_data.require(tmp_path / "net.onnx", [name])
