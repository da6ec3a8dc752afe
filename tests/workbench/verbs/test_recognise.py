from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.onnx_graphs import write_yolox, write_yunet
from tests.table_graphs import write_tree
from workbench.__main__ import main
from workbench.store import model_folder


def _main(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = main(["recognise", *map(str, words)])
    return code, *capsys.readouterr()


def _refusal(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    code, printed, said = _main(capsys, *words)
    assert (code, printed, said.count("\n")) == (2, "", 1)
    return said


def test_a_file_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yunet(tmp_path / "faces.onnx")
    code, printed, said = _main(capsys, tmp_path / "faces.onnx")
    assert (code, said) == (0, "")
    assert printed.splitlines() == [
        "recognised  faces: YuNet face detector with 5 landmarks, read by the head yunet",
        "because     its twelve outputs cls_8 to kps_32 are YuNet's",
        "input       input: fitted into 64 x 64 (at the top left), the rest filled with 0; BGR 0 to 255, linear, NCHW",
        "serves      face-detection, face-comparison",
    ]
    document = json.loads(_main(capsys, tmp_path, "--json")[1])
    assert (document["name"], document["head"], document["input"]["size"]) == ("faces", "yunet", 64)
    assert not (tmp_path / "model.json").exists()


def test_an_archive_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yunet(tmp_path / "in/model.onnx")
    with tarfile.open(tmp_path / "gate.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "in", "in")
    assert _main(capsys, tmp_path / "gate.tar.gz")[1].startswith("recognised  gate: YuNet")
    assert "unpack it, and name the folder" in _refusal(capsys, tmp_path / "gate.tar.gz", "--write")


def test_the_description_is_written_to_be_edited_and_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yolox(tmp_path / "gate.onnx", data="gate.bin")
    code, printed, _ = _main(capsys, tmp_path / "gate.onnx", "--write")
    assert (code, printed.splitlines()[-1]) == (0, f"wrote       {tmp_path}/model.json")
    assert [file.name for file in model_folder.read(tmp_path).all_files()] == ["gate.onnx", "gate.bin"]
    (tmp_path / "model.json").write_text((tmp_path / "model.json").read_text().replace('"gate"', '"own"'))
    for path in (tmp_path, tmp_path / "gate.onnx"):
        assert _main(capsys, path)[1].startswith("recognised  own: YOLOX")
    assert "is there; edit it, or write it anew with --force" in _refusal(capsys, tmp_path, "--write")
    assert "--head is for an .onnx file that nothing describes" in _refusal(capsys, tmp_path, "--head", "yolox")
    assert _main(capsys, tmp_path, "--write", "--force", "--head", "yolox")[0] == 0
    assert model_folder.read(tmp_path).name == "gate"


def test_a_model_of_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(tmp_path / "iris.onnx")
    assert _main(capsys, tmp_path / "iris.onnx")[1].startswith("table       told by ")
    assert json.loads(_main(capsys, tmp_path / "iris.onnx", "--json")[1])["inputs"]
    assert "is a model of tables, which needs no model.json; leave --write out" in _refusal(capsys, tmp_path, "--write")


def test_refusals_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cut.onnx").write_bytes(b"\x08\x07")
    (tmp_path / "none").mkdir()
    assert "did you mean 'cut.onnx'?" in _refusal(capsys, tmp_path / "cutt.onnx")
    assert "is no ONNX graph" in _refusal(capsys, tmp_path / "cut.onnx")
    assert "none is no .onnx file, and has none" in _refusal(capsys, tmp_path / "none")
    assert "--force is for --write" in _refusal(capsys, tmp_path / "cut.onnx", "--force")
