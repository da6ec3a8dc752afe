"""Parameters of ``up`` for a model of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from workbench.errors import PackageError
from workbench.verbs import up


def _parameters(*words: str) -> dict[str, str]:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    return up.model_parameters(parser.parse_args(words))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "frame size"
    folder.mkdir()
    (folder / "inference.py").write_text("def model_fn(model_dir): ...\n")
    return folder


def test_a_path_is_packed_and_keeps_its_name(program: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    found = _parameters(str(program), "--output", str(archive), "--parameters", "saveRequestEvents=Yes")
    assert found == {
        "applicationType": "custom",
        "detectorModelName": "frame-size",
        "modelDataUrl": str(archive),
        "saveRequestEvents": "Yes",
    }
    assert archive.is_file()


def test_a_model_of_the_catalogue_and_none() -> None:
    assert _parameters("yolox_nano") == {"applicationType": "body-detection", "detectorModelName": "yolox_nano"}
    assert _parameters("--parameters", "detectorModelName=yolox_nano") == {"detectorModelName": "yolox_nano"}


def test_what_does_not_run_here(program: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is served by applicationType=custom, not body-detection"):
        _parameters(
            str(program), "--output", str(tmp_path / "a.tar.gz"), "--parameters", "applicationType=body-detection"
        )
    (tmp_path / "net/1").mkdir(parents=True)
    (tmp_path / "net/1/saved_model.pb").write_bytes(b"x")
    with pytest.raises(PackageError, match=r"the serving program has no tensorflow; name its image|saved_model"):
        _parameters(str(tmp_path / "net"), "--output", str(tmp_path / "b.tar.gz"))
