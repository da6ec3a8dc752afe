"""Fetching from a folder and from a web server of the test."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, abort, request, send_file

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model, ModelFile
from ipc_ai_serving.model_folder import find
from workbench.__main__ import main
from workbench.errors import FetchError
from workbench.local.servers.http_server import HttpServer
from workbench.verbs.fetch import fetch

pytestmark = pytest.mark.processes

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def _model(*files: ModelFile, **more: tuple[ModelFile, ...]) -> Model:
    wanted = dict(more) or {"any": files}
    return dataclasses.replace(catalogue.load().model("yolox_nano"), name="mine", files=wanted)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """Server of one file, with ranges; it records the requested ranges."""
    app = Flask(__name__)
    ranges: list[str] = []
    (tmp_path / "served").write_bytes(CONTENT)

    @app.get("/file")
    def file() -> Response:
        ranges.append(request.headers.get("Range", ""))
        return send_file(tmp_path / "served", conditional=True)

    @app.get("/other")
    def other() -> Response:
        return Response(b"another file")

    @app.get("/broken")
    def broken() -> Response:
        abort(503)

    with HttpServer(app) as server:
        yield server.url, ranges


def _only_file(folder: Path) -> bytes:
    return (folder / "model.bin").read_bytes()


def test_from_a_folder_by_content_whatever_its_name(tmp_path: Path) -> None:
    source = tmp_path / "source" / "deep"
    source.mkdir(parents=True)
    (source / "decoy.bin").write_bytes(b"x")
    (source / "renamed-without-suffix").write_bytes(CONTENT)
    folder = fetch(
        _model(ModelFile(name="model.bin", role="onnx", sha256=DIGEST)), tmp_path / "source", None, tmp_path / "store"
    )
    assert _only_file(folder) == CONTENT


def test_a_fetched_folder_stands_on_its_own(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(CONTENT)
    fetch(_model(ModelFile(name="model.bin", role="onnx")), tmp_path, None, tmp_path / "store")
    found = find(
        "mine",
        "body-detection",
        model_dir=Path("/nonexistent"),
        model_store=tmp_path / "store",
        catalogue=catalogue.load(),
    )
    assert found.model.files_for("body-detection")[0].sha256 == DIGEST
    assert found.files["onnx"].read_bytes() == CONTENT


def test_another_content_under_the_right_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"tampered")
    with pytest.raises(FetchError, match="of the catalogue: its sha256 is"):
        fetch(_model(ModelFile(name="model.bin", role="onnx", sha256=DIGEST)), tmp_path, None, tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for digest in (DIGEST, None):
        with pytest.raises(FetchError, match=r"model\.bin"):
            fetch(_model(ModelFile(name="model.bin", role="onnx", sha256=digest)), tmp_path, None, tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_files_of_one_name_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / "source" / folder).mkdir(parents=True)
        (tmp_path / "source" / folder / "model.bin").write_bytes(folder.encode())
    fetched = fetch(_model(ModelFile(name="b/model.bin", role="onnx")), tmp_path / "source", None, tmp_path / "store")
    assert (fetched / "b" / "model.bin").read_bytes() == b"b"
    with pytest.raises(FetchError, match="2 files of that name"):
        fetch(_model(ModelFile(name="model.bin", role="onnx")), tmp_path / "source", None, tmp_path / "store")


def test_one_application_of_two_is_enough(tmp_path: Path) -> None:
    (tmp_path / "body.bin").write_bytes(b"body")
    model = _model(
        **{
            "face-detection": (ModelFile(name="face.bin", role="onnx"),),
            "body-detection": (ModelFile(name="body.bin", role="onnx"),),
        }
    )
    folder = fetch(model, tmp_path, None, tmp_path / "store")
    assert list(json.loads((folder / "model.json").read_text())["files"]) == ["body-detection"]
    with pytest.raises(FetchError, match="does not serve custom"):
        fetch(model, tmp_path, "custom", tmp_path / "store")
    with pytest.raises(FetchError, match=r"face\.bin"):
        fetch(dataclasses.replace(model, applications=("face-detection",)), tmp_path, "face-detection", tmp_path / "s")


def test_files_that_all_applications_share(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(CONTENT)
    model = _model(ModelFile(name="model.bin", role="onnx"))
    folder = fetch(model, tmp_path, "body-detection", tmp_path / "store")
    assert list(json.loads((folder / "model.json").read_text())["files"]) == ["any"]
    with pytest.raises(FetchError, match="does not serve face-detection"):
        fetch(model, tmp_path, "face-detection", tmp_path / "store")
    assert _only_file(folder) == CONTENT


def test_from_its_public_source(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    file = ModelFile(name="model.bin", role="onnx", sha256=DIGEST, url=f"{web[0]}/file")
    assert _only_file(fetch(_model(file), None, None, tmp_path / "store")) == CONTENT


def test_a_broken_download_is_continued(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    partial = tmp_path / "store" / ".mine.partial"
    partial.mkdir(parents=True)
    (partial / "model.bin").write_bytes(CONTENT[:1000])
    file = ModelFile(name="model.bin", role="onnx", sha256=DIGEST, url=f"{web[0]}/file")
    assert _only_file(fetch(_model(file), None, None, tmp_path / "store")) == CONTENT
    assert web[1] == ["bytes=1000-"]
    assert not partial.exists()


def test_a_download_that_was_complete_is_not_repeated(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    partial = tmp_path / "store" / ".mine.partial"
    partial.mkdir(parents=True)
    (partial / "model.bin").write_bytes(CONTENT)
    file = ModelFile(name="model.bin", role="onnx", sha256=DIGEST, url=f"{web[0]}/file")
    assert _only_file(fetch(_model(file), None, None, tmp_path / "store")) == CONTENT


def test_halves_of_two_files_are_never_joined(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    partial = tmp_path / "store" / ".mine.partial"
    partial.mkdir(parents=True)
    (partial / "model.bin").write_bytes(b"of another file")
    file = ModelFile(name="model.bin", role="onnx", url=f"{web[0]}/file")
    assert _only_file(fetch(_model(file), None, None, tmp_path / "store")) == CONTENT
    assert web[1] == [""]


def test_a_failing_copy_leaves_an_interrupted_download_alone(tmp_path: Path) -> None:
    partial = tmp_path / "store" / ".mine.partial"
    partial.mkdir(parents=True)
    (partial / "model.bin").write_bytes(CONTENT[:1000])
    (tmp_path / "empty").mkdir()
    with pytest.raises(FetchError):
        fetch(
            _model(ModelFile(name="model.bin", role="onnx", sha256=DIGEST)),
            tmp_path / "empty",
            None,
            tmp_path / "store",
        )
    assert [path.name for path in (tmp_path / "store").iterdir()] == [".mine.partial"]


@pytest.mark.parametrize("name", ["model.bin", "folder/model.bin"])
@pytest.mark.parametrize(("path", "says"), [("other", "sent another file"), ("broken", "503"), ("missing", "404")])
def test_a_wrong_download_leaves_nothing(
    tmp_path: Path, web: tuple[str, list[str]], path: str, says: str, name: str
) -> None:
    first = ModelFile(name="folder/first.bin", role="symbol", url=f"{web[0]}/file")
    file = ModelFile(name=name, role="onnx", sha256=DIGEST, url=f"{web[0]}/{path}")
    wanted = (first, file) if path == "other" else (file,)
    with pytest.raises(FetchError, match=says):
        fetch(_model(*wanted), None, None, tmp_path / "store")
    assert list((tmp_path / "store").rglob("*")) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/file", "SERVER/broken"])
def test_a_source_that_cannot_be_reached_names_the_other_ways(
    tmp_path: Path, web: tuple[str, list[str]], address: str
) -> None:
    file = ModelFile(name="model.bin", role="onnx", sha256=DIGEST, url=address.replace("SERVER", web[0]))
    with pytest.raises(FetchError, match=r"name a folder or another server that has the file with --from DIR\|URL$"):
        fetch(_model(file), None, None, tmp_path / "store")


def test_from_another_web_server_by_name(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    file = ModelFile(name="file", role="onnx", sha256=DIGEST)
    folder = fetch(_model(file), f"{web[0]}/", None, tmp_path / "store")
    assert (folder / "file").read_bytes() == CONTENT
    public = dataclasses.replace(file, url="http://127.0.0.1:9/file")
    fetch(_model(public), web[0], None, tmp_path / "store")
    described = json.loads((folder / "model.json").read_text())["files"]["any"]
    assert [entry["url"] for entry in described] == [public.url]
    with pytest.raises(FetchError, match="sent another file"):
        fetch(_model(dataclasses.replace(file, name="other")), web[0], None, tmp_path / "store")


def test_a_model_without_public_source_says_so(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="--from DIR"):
        fetch(_model(ModelFile(name="model.bin", role="onnx", sha256=DIGEST)), None, None, tmp_path / "store")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "dlib_frontal_face"]) == 0
    assert "nothing to fetch" in capsys.readouterr().out
    assert main(["fetch", "yolox_nno"]) == 2
    assert "did you mean 'yolox_nano'" in capsys.readouterr().err
    assert main(["fetch", "yolox_nano", "--from", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_real_weights(testdata: Path, tmp_path: Path) -> None:
    for name in ("yolox_nano", "body_detector_yolox_nano", "yunet_n", "face_detector_yunet_n"):
        fetched = ["fetch", name, "--from", str(testdata / "models"), "--store", str(tmp_path)]
        assert main(fetched) == 0
        assert (tmp_path / name / "model.json").is_file()
