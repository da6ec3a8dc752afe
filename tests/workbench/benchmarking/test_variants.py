from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipc_ai_catalogue import UnknownNameError
from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.benchmarking import variants
from workbench.benchmarking.variants import Variant
from workbench.errors import BenchmarkError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store with artefacts of ``yolox_nano`` for two engines."""
    store = tmp_path_factory.mktemp("store")
    write_yolox_onnx(store / "yolox_nano" / "yolox_nano.onnx")
    write_older_layout(store / "yolox_nano", "body_detector_yolox_nano")
    write_older_layout(store / "older", "face_detector_red")
    return store


def _find(store: Path, *words: str, engines: tuple[str, ...] = (), application: str | None = None) -> list[Variant]:
    return variants.find(words, stores=[store], engines=engines, application=application)


def _names(found: list[Variant]) -> list[str]:
    return [variant.name for variant in found]


def test_a_model_without_an_engine_is_a_variant_on_each(store: Path) -> None:
    both = _find(store, "yolox_nano")
    assert _names(both) == ["yolox_nano@onnxruntime", "yolox_nano@mxnet"]
    heads = [variant.parts[0].model.head for variant in both]
    assert heads == ["yolox", "gluoncv"]  # each from the catalogue's description of these files
    assert _names(_find(store, "yolox_nano", engines=("mxnet",))) == ["yolox_nano@mxnet"]


def test_the_same_twice_has_two_names(store: Path) -> None:
    assert _names(_find(store, "yolox_nano@mxnet", "yolox_nano@mxnet")) == ["yolox_nano@mxnet", "yolox_nano@mxnet (2)"]


def test_the_same_name_in_other_folders_is_told_apart_by_these(store: Path, tmp_path: Path) -> None:
    (onnx,) = _find(store, "yolox_nano@onnxruntime")
    (tmp_path / "int8").mkdir()
    onnx.put_into(tmp_path / "int8")
    found = _find(store, "yolox_nano@onnxruntime", f"{tmp_path}/int8/yolox_nano@onnxruntime")
    assert _names(found) == [f"{store.name}/yolox_nano@onnxruntime", "int8/yolox_nano@onnxruntime"]


def test_a_model_is_called_by_its_own_name_and_not_by_its_folders(store: Path, tmp_path: Path) -> None:
    (onnx,) = _find(store, "yolox_nano@onnxruntime")
    folders = []
    for name in ("monday", "tuesday"):
        (tmp_path / "runs").mkdir(exist_ok=True)
        onnx.put_into(tmp_path / "runs")
        folders.append((tmp_path / "runs/yolox_nano").rename(tmp_path / "runs" / name))
        description = folders[-1] / "model.json"
        description.write_text(json.dumps(json.loads(description.read_text()) | {"name": "shop"}))
    assert _names(_find(store, f"{folders[0]}@onnxruntime")) == ["shop@onnxruntime"]
    both = [f"{folder}@onnxruntime" for folder in folders]
    assert _names(_find(store, *both)) == ["monday@onnxruntime", "tuesday@onnxruntime"]


def test_a_wrong_half_of_a_pair_is_named_and_not_the_other(store: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown model 'mobilface_v2', did you mean 'mobileface_v2'"):
        _find(store, "yunet_n+mobilface_v2")


def test_a_description_with_artefacts_of_two_engines(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (onnx,) = _find(store, "yolox_nano@onnxruntime")
    onnx.put_into(tmp_path)
    (tmp_path / "yolox_nano").rename(folder)
    document = json.loads((folder / "model.json").read_text())
    document["files"]["any"] += [
        {"name": f"body_detector_yolox_nano-{end}", "role": role}
        for end, role in (("symbol.json", "symbol"), ("0000.params", "params"))
    ]
    (folder / "model.json").write_text(json.dumps(document))
    assert _names(_find(store, str(folder))) == ["yolox_nano@onnxruntime", "yolox_nano@mxnet"]


def test_files_of_the_older_layout_serve_the_application_of_their_name(store: Path) -> None:
    (found,) = _find(store, str(store / "older"))
    assert found.application == "face-detection"
    assert found.model_name == "red"


def test_what_macos_puts_beside_artefacts_is_none(store: Path, tmp_path: Path) -> None:
    write_yolox_onnx(tmp_path / "yolox_nano/yolox_nano.onnx")
    write_older_layout(tmp_path / "yolox_nano", "body_detector_yolox_nano")
    for name in ("._yolox_nano.onnx", "._body_detector_yolox_nano-symbol.json"):
        (tmp_path / "yolox_nano" / name).touch()
    assert _names(_find(tmp_path, "yolox_nano")) == ["yolox_nano@onnxruntime", "yolox_nano@mxnet"]


def test_the_first_application_of_the_first_model_that_all_serve(store: Path, tmp_path: Path) -> None:
    (onnx,) = _find(store, "yolox_nano@onnxruntime")
    onnx.put_into(tmp_path)
    description = tmp_path / "yolox_nano" / "model.json"
    document = json.loads(description.read_text())
    assert document["applications"] == ["body-detection", "object-detection"]
    assert onnx.application == "body-detection"
    document["applications"].reverse()
    description.write_text(json.dumps(document))
    of_all_classes = str(tmp_path / "yolox_nano")
    assert _find(store, of_all_classes, "yolox_nano@onnxruntime")[0].application == "object-detection"
    assert _find(store, "yolox_nano@onnxruntime", of_all_classes)[0].application == "body-detection"


def test_a_store_of_links_is_what_the_container_reads(store: Path, tmp_path: Path) -> None:
    (found,) = _find(store, "yolox_nano", engines=("mxnet",))
    found.put_into(tmp_path)
    described = json.loads((tmp_path / "yolox_nano" / "model.json").read_text())
    assert described["engine"] == "mxnet"
    assert all((tmp_path / "yolox_nano" / file["name"]).is_file() for file in described["files"]["any"])
    assert found.artefact_bytes == sum(path.stat().st_size for path in found.parts[0].files.values()) > 0


def test_a_pair_compares_faces() -> None:
    (pair,) = _find(Path("/nonexistent"), "dlib_frontal_face+dlib_face_embedding")
    assert pair.application == "face-comparison"
    assert pair.name == "dlib_frontal_face+dlib_face_embedding@embedded"
    assert pair.model_name == "dlib_frontal_face+dlib_face_embedding"


@pytest.mark.parametrize(
    ("words", "engines", "application", "says"),
    [
        (["yolox_nano@onnx"], (), None, "did you mean 'onnxruntime'"),
        (["yolox_nano"], ("mxnt",), None, "did you mean 'mxnet'"),
        (["yolox_nano@dlr"], (), None, "has artefacts for onnxruntime, mxnet, not for dlr"),
        (["dlib_frontal_face"], ("mxnet",), None, "runs on embedded, not on mxnet"),
        (["yunet_n"], (), None, "ipc-ai fetch yunet_n"),
        (["dlib_face_embedding"], (), None, "name a pair, DETECTOR+dlib_face_embedding"),
        (["dlib_face_embedding+dlib_frontal_face"], (), None, "is no pair of a detector and an embedder"),
        (["a+b+c"], (), None, "has 3 parts"),
        (["yolo11n.onnx"], (), None, "there is no yolo11n.onnx; name a folder, a packed model or an .onnx file"),
        (["pyproject.tom/yolo11n"], (), None, "there is no pyproject.tom/yolo11n; name a folder"),
        (["./pyprojec.toml"], (), None, "there is no ./pyprojec.toml, did you mean 'pyproject.toml'?"),
        (["yolox_nano", "dlib_frontal_face"], (), None, "name models of one application"),
        (["yolox_nano"], (), "face-detection", "serves body-detection and object-detection, not face-detection"),
    ],
)
def test_what_cannot_be_benchmarked_is_said(
    store: Path, words: list[str], engines: tuple[str, ...], application: str | None, says: str
) -> None:
    with pytest.raises(BenchmarkError) as caught:
        _find(store, *words, engines=engines, application=application)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_with_files_of_several_models(tmp_path: Path) -> None:
    write_older_layout(tmp_path, "body_detector_red")
    write_older_layout(tmp_path, "face_detector_red")
    with pytest.raises(BenchmarkError, match="say of which application with --application"):
        _find(tmp_path, str(tmp_path))
    (found,) = _find(tmp_path, str(tmp_path), application="body-detection")
    assert found.parts[0].files["symbol"].name == "body_detector_red-symbol.json"


def test_a_name_that_is_none_has_the_nearest(store: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'yolox_nano'"):
        _find(store, "yolox_nno")


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="no artefacts whose names tell"):
        _find(tmp_path, str(tmp_path))
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(BenchmarkError, match="does not describe a model"):
        _find(tmp_path, str(tmp_path))
