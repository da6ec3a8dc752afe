from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.saved_models import saved_model as written
from workbench.errors import PackageError
from workbench.packing import saved_model

_INDEX, _DATA = "variables/variables.index", "variables/variables.data-00000-of-00002"


def _check(tmp_path: Path, content: bytes, *beside: str, has_program: bool = False) -> None:
    graph = tmp_path / "saved_model.pb"
    graph.write_bytes(content)
    found = {"1/saved_model.pb": graph, **{f"1/{name}": graph for name in beside}}
    saved_model.check("1/saved_model.pb", found, has_program=has_program)


def test_a_graph_of_constants_needs_no_variables(tmp_path: Path) -> None:
    _check(tmp_path, written())


def test_variables_and_assets_that_are_there(tmp_path: Path) -> None:
    shards = [_DATA, "variables/variables.data-00001-of-00002"]
    _check(tmp_path, written(variables=True, assets=["words.txt"]), _INDEX, *shards, "assets/words.txt")


def test_a_program_may_call_another_signature(tmp_path: Path) -> None:
    _check(tmp_path, written(signatures=["detect"]), has_program=True)


@pytest.mark.parametrize("content", [b"", b"x", b"not a protobuf", written()[:-9], b"\x08\x01"])
def test_what_is_no_saved_model(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PackageError, match=r"^1/saved_model.pb is not a SavedModel: .*; write one with model.export"):
        _check(tmp_path, content)


@pytest.mark.parametrize(
    ("options", "beside", "says"),
    [
        ({"tags": ["train"]}, [], r"no graph with the tag 'serve' \(it has 'train'\)"),
        ({"signatures": ["detect"]}, [], r"no signature 'serving_default' \(it has 'detect'\)"),
        ({"signatures": []}, [], r"no signature 'serving_default' \(it has none\)"),
        ({"signatures": ["__saved_model_init_op"]}, [], "no signature 'serving_default'"),
        ({"output": "Gone:0"}, [], "names Gone:0, which its graph does not have"),
        ({"variables": True}, [], "^1/variables/variables.index is missing, and the graph has variables"),
        ({"variables": True}, [_INDEX], "^1/variables/variables.data-00000-of-00001 is missing"),
        ({"variables": True}, [_INDEX, _DATA], "^1/variables/variables.data-00001-of-00002 is missing"),
        ({"assets": ["words.txt"]}, [], "^1/assets/words.txt is missing"),
    ],
)
def test_what_tensorflow_serving_cannot_serve(
    tmp_path: Path, options: dict[str, Any], beside: list[str], says: str
) -> None:
    with pytest.raises(PackageError, match=says):
        _check(tmp_path, written(**options), *beside)
