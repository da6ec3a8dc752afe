"""Parameters of ``up`` for a model of one's own."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

import ipc_ai_catalogue as catalogue
from tests import table_graphs
from tests.onnx_graphs import write_yunet
from workbench.__main__ import main
from workbench.errors import PackageError, StartError
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


def test_a_model_of_tables_is_a_custom_application(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table_graphs.write_tree(tmp_path / "fraud.onnx")
    archive = tmp_path / "a.tar.gz"
    assert _parameters(str(tmp_path / "fraud.onnx"), "--output", str(archive)) == {
        "applicationType": "custom",
        "detectorModelName": "fraud",
        "modelDataUrl": str(archive),
    }
    assert "takes       X (4 columns of float), such as [0, 0, 0, 0]\n" in capsys.readouterr().err


def test_a_model_of_the_catalogue_and_none() -> None:
    assert _parameters("yolox_nano") == {"applicationType": "body-detection", "detectorModelName": "yolox_nano"}
    assert _parameters("--parameters", "detectorModelName=yolox_nano") == {"detectorModelName": "yolox_nano"}


def _described(folder: Path, base: str, name: str) -> Path:
    folder.mkdir(parents=True)
    model = dataclasses.asdict(catalogue.load().model(base)) | {"name": name}
    model["files"] = {"any": [{"name": "weights.onnx", "role": "onnx"}]}
    (folder / "model.json").write_text(json.dumps(model))
    (folder / "weights.onnx").write_text("weights")
    return folder


def test_the_name_of_a_pair_is_that_of_its_archive(tmp_path: Path) -> None:
    _described(tmp_path / "pair/a", "yunet_n", "door")
    _described(tmp_path / "pair/b", "mobileface_v2", "myface")
    words = [str(tmp_path / "pair"), "--output", str(tmp_path / "a.tar.gz"), "--parameters"]
    named = "faceDetectAndCompareModelName="
    assert _parameters(*words, f"{named}door+myface")["faceDetectAndCompareModelName"] == "door+myface"
    for name in ("myface+door", "door+other", "own"):
        with pytest.raises(PackageError, match=f"cannot be '{re.escape(name)}': the archive has door.myface; leave it"):
            _parameters(*words, named + name)
    image = "containerImageUri=123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"  # which may look elsewhere
    assert _parameters(*words, f"{named}own", image)["faceDetectAndCompareModelName"] == "own"


def test_the_name_of_weights_of_the_older_layout_is_that_of_their_files(tmp_path: Path) -> None:
    for ending in ("-symbol.json", "-0000.params"):
        (tmp_path / f"body_detector_red{ending}").write_text("{}")
    words = [str(tmp_path), "--output", str(tmp_path / "a.tar.gz"), "--parameters"]
    with pytest.raises(PackageError, match="detectorModelName cannot be 'blue': the archive has red"):
        _parameters(*words, "detectorModelName=blue")


def test_one_detector_with_its_description_takes_any_name(tmp_path: Path) -> None:
    folder = _described(tmp_path / "shop", "yolox_nano", "shop")
    words = [str(folder), "--output", str(tmp_path / "a.tar.gz"), "--parameters", "detectorModelName=front-door"]
    assert _parameters(*words)["detectorModelName"] == "front-door"


def test_what_does_not_run_here(program: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is served by applicationType=custom, not body-detection"):
        _parameters(
            str(program), "--output", str(tmp_path / "a.tar.gz"), "--parameters", "applicationType=body-detection"
        )
    (tmp_path / "net/1").mkdir(parents=True)
    (tmp_path / "net/1/saved_model.pb").write_bytes(b"x")
    with pytest.raises(PackageError, match=r"the serving program has no tensorflow; name its image|saved_model"):
        _parameters(str(tmp_path / "net"), "--output", str(tmp_path / "b.tar.gz"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fail", "429,"], "'' is not a status to rehearse; write some of 413, 429, 500"),
        (["--fail", "418"], "'418' is not a status to rehearse"),
        (["--fail", "429 503"], "'429 503' is not a status"),
        (["--delay", "-1"], "'-1' is not a delay; write seconds from 0 to 60"),
        (["--delay", "nan"], "'nan' is not a delay"),
        (["--delay", "61"], "'61' is not a delay"),
        (["--delay", "soon"], "'soon' is not a delay"),
    ],
)
def test_a_rehearsal_that_is_none_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["up", *words])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert said in told
    assert told.count("\n") == 1


def test_what_is_rehearsed() -> None:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    arguments = parser.parse_args(["--fail", "429,503,429", "--delay", "0.5"])
    assert (arguments.fail, arguments.delay) == ((429, 503, 429), 0.5)
    assert "docs/local.md" in parser.format_help()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            ["detectorModelName=yolox_nano"],
            "write applicationType=body-detection or applicationType=object-detection; ",
        ),
        (["applicationType=body-detection", "detectorModelName=yunet_n"], "write applicationType=face-detection; "),
        (
            ["applicationType=face-comparison", "faceDetectAndCompareModelName=yunet_n"],
            "did you mean 'yunet_n+sface'",
        ),
    ],
)
def test_a_model_of_another_application_is_told_with_its_application(
    given: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--port", "0", "--parameters", *given]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_a_bare_graph_is_recognised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_yunet(tmp_path / "faces.onnx")
    given = _parameters(str(tmp_path / "faces.onnx"), "--output", str(tmp_path / "packed.tar.gz"))
    assert given == {
        "applicationType": "face-detection",
        "detectorModelName": "faces",
        "modelDataUrl": str(tmp_path / "packed.tar.gz"),
    }
    printed, said = capsys.readouterr()
    assert (printed, said.splitlines()[0]) == (
        "",
        "recognised  faces: YuNet face detector with 5 landmarks, read by the head yunet",
    )
    with pytest.raises(PackageError, match="--head is for a model of your own"):
        _parameters("yunet_n", "--head", "yunet")


def test_models_of_one_name_that_run_at_once_do_not_take_each_others_archive(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / program.name
    other.mkdir(parents=True)
    (other / "inference.py").write_text("def model_fn(model_dir): return 2\n")
    archives: list[bytes] = []

    def stand_in(given: dict[str, str]) -> tuple[dict[str, str], Path]:
        archive = Path(given["modelDataUrl"])
        if not archives:
            archives.append(archive.read_bytes())
            assert main(["up", str(other)]) == 2  # while the first has not read its own
            archives.append(archive.read_bytes())
        raise StartError("nothing is served here")

    monkeypatch.setattr("workbench.local.container.model_data.stand_in", stand_in)
    assert main(["up", str(program)]) == 2
    assert archives[0] == archives[1]


@pytest.mark.parametrize("authorization", ["NONE", "API_KEY", "AWS_IAM"])
def test_cameras_need_a_way_that_knows_them(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    template: dict[str, Any],
    authorization: str,
) -> None:
    monkeypatch.setattr(up, "synthesize", lambda: template)
    file = tmp_path / "cameras.csv"
    file.write_text("camera_id\ngate-1\n")
    assert main(["up", "--cameras", str(file), "--parameters", f"apiAuthorization={authorization}"]) == 2
    said = capsys.readouterr().err
    assert f"apiAuthorization={authorization} knows no cameras; name CAMERA or CAMERA_IAM" in said
    assert len(said.splitlines()) == 1


def test_a_file_of_cameras_that_is_none_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cameras.csv"
    for text in ("camera_id\ngate 1\n", "camera_ids\ngate-1\n", "", None):
        if text is not None:
            file.write_text(text)
        else:
            file.unlink()
        assert main(["up", "--cameras", str(file)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
