from __future__ import annotations

import dataclasses
import json
import re
import tarfile
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from tests import table_graphs
from tests.tiny_models import write_older_layout
from workbench.errors import BenchmarkError, PackageError
from workbench.packing import model_archive, named_models


def _described(folder: Path, base: str, name: str) -> Path:
    model = dataclasses.asdict(catalogue.load().model(base)) | {"name": name}
    folder.mkdir(parents=True)
    model["files"] = {"any": [{"name": "weights.onnx", "role": "onnx"}]}
    (folder / "model.json").write_text(json.dumps(model))
    (folder / "weights.onnx").write_text("weights")
    return folder


def _packed(folder: Path) -> Path:
    archive = folder.parent / f"{folder.name}.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, ".")
    return archive


def test_names_of_the_catalogue_stay(tmp_path: Path) -> None:
    words = ["yolox_nano", "yolox_nano@mxnet", "yunet_n+mobileface_v2", "nothing"]
    with named_models.as_folders(words, stores=[tmp_path]) as found:
        assert found == {word: word for word in words}


def test_a_packed_model_becomes_a_folder_of_its_name(tmp_path: Path) -> None:
    archive = _packed(_described(tmp_path / "shop", "yolox_nano", "shop"))
    with named_models.as_folders([f"{archive}@onnxruntime"], stores=[]) as found:
        folder, _, engine = found[f"{archive}@onnxruntime"].rpartition("@")
        assert (Path(folder).name, engine) == ("shop", "onnxruntime")
        assert (Path(folder) / "weights.onnx").read_text() == "weights"
    assert not Path(folder).exists()


@pytest.mark.parametrize("engine", ["", "@mxnet"])
def test_an_error_names_the_word_and_no_temporary_folder(tmp_path: Path, engine: str) -> None:
    packed = _packed(_described(tmp_path / "shop", "yolox_nano", "shop"))
    word = f"{packed}{engine}"
    with pytest.raises(BenchmarkError) as caught, named_models.as_folders([word], stores=[]) as folders:
        raise BenchmarkError(f"{folders[word].removesuffix(engine)} has no artefact; {folders[word]} is wrong")
    assert str(caught.value) == f"{packed} has no artefact; {word} is wrong"


def test_an_error_keeps_the_folder_that_a_word_lies_in(tmp_path: Path) -> None:
    folder = _described(tmp_path / "shop", "yolox_nano", "shop")
    for word, stores in ((str(folder / "weights.onnx"), []), ("shop", [tmp_path])):
        with pytest.raises(BenchmarkError) as caught, named_models.as_folders([word], stores=stores) as folders:
            raise BenchmarkError(f"{folders[word]}/model.json is wrong")
        assert str(caught.value) == f"{folder}/model.json is wrong"


def test_a_name_in_a_store_is_ones_own(tmp_path: Path) -> None:
    _described(tmp_path / "myface", "mobileface_v2", "myface")
    with named_models.as_folders(["yunet_n+myface"], stores=[tmp_path]) as found:
        assert found == {"yunet_n+myface": f"yunet_n+{tmp_path}/myface"}


def test_a_packed_pair_becomes_two_folders_the_detector_first(tmp_path: Path) -> None:
    _described(tmp_path / "a+b/aface", "mobileface_v2", "aface")
    _described(tmp_path / "a+b/detector", "yunet_n", "detector")
    archive = str(_packed(tmp_path / "a+b"))
    with named_models.as_folders([archive], stores=[]) as found:
        assert [Path(half).name for half in found[archive].split("+")] == ["detector", "aface"]


def test_a_file_of_the_older_layout_stands_for_both(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        write_older_layout(tmp_path, f"body_detector_{name}")
    word = f"{tmp_path}/body_detector_red-0000.params"
    with named_models.as_folders([word], stores=[]) as found:
        names = sorted(path.name for path in Path(found[word]).iterdir())
        assert names == ["body_detector_red-0000.params", "body_detector_red-symbol.json"]


def test_a_pair_is_put_together(tmp_path: Path) -> None:
    """A half that ships inside a package has a description and no files."""
    own = _described(tmp_path / "vectors", "mobileface_v2", "myface")
    with named_models.pair(f"dlib_frontal_face+{own}", stores=[]) as folder:
        assert folder is not None
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == ["dlib_frontal_face/model.json", "myface/model.json", "myface/weights.onnx"]
    for word in ("yunet_n+mobileface_v2", str(own), "shop"):
        with named_models.pair(word, stores=[]) as folder:
            assert folder is None


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("dlib_frontal_face+nothing", r"there is no path and no model 'nothing'; name a folder, a model\.tar\.gz, or"),
        ("yunet_n+mobilface_v2", "there is no path and no model 'mobilface_v2', did you mean 'mobileface_v2'"),
        ("yunet_n+", "there is no path and no model ''"),
        ("empty+yunet_n", r"no model folder of .*empty with a model.json; name its folder or its model\.tar\.gz"),
        (
            "yunet_n+empty",
            "no model folder of yunet_n with a model.json; fetch it with '.*ipc-ai fetch yunet_n --store",
        ),
    ],
)
def test_a_half_that_is_nowhere(tmp_path: Path, word: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    word = word.replace("empty", str(tmp_path / "empty"))
    with pytest.raises(PackageError, match=says), named_models.pair(word, stores=[tmp_path]):
        pass


@pytest.mark.parametrize(
    ("name", "is_folder", "expected"),
    [
        ("yolo3_mobilenet1.0", True, "yolo3_mobilenet1.0"),
        ("net.tar.gz", False, "net"),
        ("net.tgz", False, "net"),
        ("net.v2.onnx", False, "net.v2"),
    ],
)
def test_stems(tmp_path: Path, name: str, is_folder: bool, expected: str) -> None:
    path = tmp_path / name
    path.mkdir() if is_folder else path.touch()
    assert named_models.stem(path) == expected


def test_models_of_tables_are_for_no_verb_of_images(tmp_path: Path) -> None:
    table_graphs.write_tree(tmp_path / "fraud/fraud.onnx")
    archive = tmp_path / "fraud.tar.gz"
    model_archive.write({"fraud.onnx": tmp_path / "fraud/fraud.onnx"}, archive)
    for path in (tmp_path / "fraud", tmp_path / "fraud/fraud.onnx", archive):
        says = (
            f"^{re.escape(str(path))} is a model of tables .X .4 columns of float.., and this is for models of images"
        )
        with pytest.raises(PackageError, match=says), named_models.as_folders([str(path)], stores=[]):
            pass
    (tmp_path / "fraud/fraud.onnx").write_text("no graph")
    refused = pytest.raises(PackageError, match=r"fraud\.onnx is no ONNX graph, or is cut off")
    with refused, named_models.as_folders([str(tmp_path / "fraud")], stores=[]):
        pass
