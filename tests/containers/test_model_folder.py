from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.model_folder import ModelFolder, find

CATALOGUE = catalogue.load()


def _find(root: Path, name: str, application: str = "body-detection") -> ModelFolder:
    return find(name, application, model_dir=root / "model", model_store=root / "store", catalogue=CATALOGUE)


def _touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_an_embedded_model_needs_no_folder(tmp_path: Path) -> None:
    found = _find(tmp_path, "opencv_people")
    assert found.model.engine == "embedded"
    assert found.files == {}


def test_artefacts_of_the_catalogue_in_the_store(tmp_path: Path) -> None:
    _touch(tmp_path / "store" / "yolox_nano", "yolox_nano.onnx")
    found = _find(tmp_path, "yolox_nano")
    assert found.files == {"onnx": tmp_path / "store" / "yolox_nano" / "yolox_nano.onnx"}


def test_model_data_goes_before_the_store(tmp_path: Path) -> None:
    for folder in ("model", "store/yolox_nano"):
        _touch(tmp_path / folder, "yolox_nano.onnx")
    assert _find(tmp_path, "yolox_nano").files["onnx"].parent == tmp_path / "model"


@pytest.mark.parametrize(
    ("application", "prefix"), [("body-detection", "body_detector"), ("face-detection", "face_detector")]
)
def test_the_older_layout_of_a_known_model(tmp_path: Path, application: str, prefix: str) -> None:
    stem = f"{prefix}_ssd_512_resnet50_v1_coco"
    _touch(tmp_path / "model", f"{stem}-symbol.json", f"{stem}-0000.params")
    found = _find(tmp_path, "ssd_512_resnet50_v1_coco", application)
    assert found.model.input.size == 512
    assert found.files["params"].name == f"{stem}-0000.params"


def test_the_older_layout_of_a_model_known_in_another_engine(tmp_path: Path) -> None:
    _touch(tmp_path / "model", "body_detector_yolox_nano-symbol.json", "body_detector_yolox_nano-0000.params")
    found = _find(tmp_path, "yolox_nano")
    assert (found.model.engine, found.model.head, found.model.input.size) == ("mxnet", "gluoncv", 416)


def test_the_older_layout_of_an_unknown_name(tmp_path: Path) -> None:
    _touch(tmp_path / "model", "body_detector_mine-symbol.json", "body_detector_mine-0000.params")
    assert _find(tmp_path, "mine").model.name == "mine"


def test_model_json_describes_a_model_of_its_own(tmp_path: Path) -> None:
    model = dataclasses.asdict(CATALOGUE.model("yolox_nano")) | {"name": "mine", "files": {"any": []}}
    model["files"]["any"] = [{"name": "mine.onnx", "role": "onnx"}]
    _touch(tmp_path / "model", "mine.onnx")
    (tmp_path / "model" / "model.json").write_text(json.dumps(model))
    found = _find(tmp_path, "whatever")
    assert found.model.name == "mine"
    assert found.files["onnx"].name == "mine.onnx"


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "3", '{"name": "x"}', '{"name": "x", "input": 3}'])
def test_a_broken_model_json_is_an_error(tmp_path: Path, text: str) -> None:
    _touch(tmp_path / "model")
    (tmp_path / "model" / "model.json").write_text(text)
    with pytest.raises(ModelLoadError, match="does not describe a model"):
        _find(tmp_path, "mine")


def test_model_json_without_its_artefact_is_an_error(tmp_path: Path) -> None:
    _touch(tmp_path / "model")
    (tmp_path / "model" / "model.json").write_text(json.dumps(dataclasses.asdict(CATALOGUE.model("yolox_nano"))))
    with pytest.raises(ModelLoadError, match=r"lacks yolox_nano\.onnx"):
        _find(tmp_path, "yolox_nano")


def test_a_model_that_is_nowhere_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=str(tmp_path / "store" / "yolox_nano")):
        _find(tmp_path, "yolox_nano")
    with pytest.raises(ModelLoadError, match="not in the catalogue"):
        _find(tmp_path, "nothing")
