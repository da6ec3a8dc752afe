from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import RecognitionError
from workbench.recognition import beside


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_hugging_face_has_its_files_one_folder_up(tmp_path: Path) -> None:
    _write(tmp_path / "config.json", json.dumps({"model_type": "detr"}))
    _write(tmp_path / "preprocessor_config.json", json.dumps({"image_processor_type": "DetrImageProcessor"}))
    found = beside.read(tmp_path / "onnx/model.onnx")
    assert (found.config["model_type"], found.processor["image_processor_type"]) == ("detr", "DetrImageProcessor")


def test_the_nearest_file_counts_and_those_of_others_do_not(tmp_path: Path) -> None:
    _write(tmp_path / "config.json", json.dumps({"model_type": "further"}))
    _write(tmp_path / "a/config.json", json.dumps({"model_type": "near"}))
    _write(tmp_path / "a/b.config.json", json.dumps({"model_type": "its own"}))
    _write(tmp_path / "a/c/config.json", json.dumps({"port": 80}))
    assert beside.read(tmp_path / "a/a.onnx").config == {"model_type": "near"}
    assert beside.read(tmp_path / "a/b.onnx").config == {"model_type": "its own"}
    assert beside.read(tmp_path / "a/c/c.onnx").config == {"model_type": "near"}
    assert beside.read(tmp_path / "a/c/d/d.onnx").config == {}


def test_metadata_of_ultralytics_are_in_the_graphs_words(tmp_path: Path) -> None:
    _write(tmp_path / "metadata.yaml", "task: detect\nstride: 32\nimgsz: [384, 640]\nnames: {0: person, 1: car}\n")
    assert beside.read(tmp_path / "x.onnx").metadata == {
        "task": "detect",
        "stride": "32",
        "imgsz": "[384, 640]",
        "names": "{0: 'person', 1: 'car'}",
    }
    _write(tmp_path / "other/metadata.yaml", "stage: prod\n")
    assert beside.read(tmp_path / "other/x.onnx").metadata == {}


@pytest.mark.parametrize("name", ["classes.txt", "labels.txt", "net.names", "net.txt", "net.labels.txt", "data.yaml"])
def test_a_list_of_names_beside(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name, "names: [cat, dog]" if name.endswith("yaml") else "cat\ndog\n")
    found = beside.read(tmp_path / "net.onnx")
    assert (found.classes, found.classes_from) == (("cat", "dog"), name)


def test_a_named_list_comes_first_and_one_of_the_graphs_name_next(tmp_path: Path) -> None:
    for name, text in (("labels.txt", "a"), ("net.txt", "b"), ("elsewhere/c.txt", "c")):
        _write(tmp_path / name, text)
    assert beside.read(tmp_path / "net.onnx").classes == ("b",)
    assert beside.read(tmp_path / "net.onnx", classes=tmp_path / "elsewhere/c.txt").classes == ("c",)
    assert beside.read(tmp_path / "other.onnx").classes == ("a",)


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "metadata.yaml"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name, "{cut: [")
    with pytest.raises(RecognitionError, match=rf"{name} is no (JSON|YAML)"):
        beside.read(tmp_path / "net.onnx")
