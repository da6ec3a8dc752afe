"""Model data of this machine and of S3."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response

from workbench.errors import StartError
from workbench.local.container import model_data
from workbench.local.servers.http_server import HttpServer
from workbench.local.services import object_store
from workbench.packing import model_archive

REGION = "cn-north-1"


def _archive() -> bytes:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w:gz") as packed:
            entry = tarfile.TarInfo("code/inference.py")
            entry.size = 1
            packed.addfile(entry, io.BytesIO(b"#"))
        return file.getvalue()


def _look_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes boto3 use this server as S3."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    for name, value in object_store.CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """URL of an S3 with a model.tar.gz and another object."""
    with object_store.running("models", REGION) as store:
        store.client.put_object(Bucket="models", Key="team/model.tar.gz", Body=_archive())
        store.client.put_object(Bucket="models", Key="notes.txt", Body=b"notes")
        yield store.url


@pytest.fixture
def bucket(store: str, monkeypatch: pytest.MonkeyPatch) -> str:
    _look_at(store, monkeypatch)
    return "s3://models"


def _found(here: Path | None, url: str | None) -> list[str] | None:
    with model_data.unpacked(here, url, region=REGION) as folder:
        if folder is None:
            return None
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_nothing_is_nothing() -> None:
    assert _found(None, None) is None


@pytest.mark.processes
def test_an_object_of_s3(bucket: str) -> None:
    assert _found(None, f"{bucket}/team/model.tar.gz") == ["code/inference.py"]


@pytest.mark.parametrize(
    ("key", "says"),
    [("nowhere.tar.gz", "there is no such object"), ("notes.txt", "is not a model.tar.gz that can be unpacked")],
)
def test_an_object_that_is_none(bucket: str, key: str, says: str) -> None:
    with pytest.raises(StartError, match=f"s3://models/{key} .*{says}"):
        _found(None, f"{bucket}/{key}")


def test_without_credentials(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in object_store.CREDENTIALS:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StartError, match="without AWS credentials; set AWS_PROFILE"):
        _found(None, f"{bucket}/team/model.tar.gz")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StartError, match=r"cannot be downloaded: .*nobody"):
        _found(None, f"{bucket}/team/model.tar.gz")


@pytest.mark.processes
def test_what_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:_>", view_func=lambda _: Response(status=403))
    with HttpServer(app) as server:
        _look_at(server.url, monkeypatch)
        with pytest.raises(StartError, match="may not read it"):
            _found(None, "s3://models/model.tar.gz")


def test_a_folder_and_an_archive_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "inference.py").touch()
    (tmp_path / "model.tar.gz").write_bytes(_archive())
    for name, holds in (("model", ["inference.py"]), ("model.tar.gz", ["code/inference.py"])):
        given, here = model_data.stand_in({model_data.PARAMETER: str(tmp_path / name)})
        assert given[model_data.PARAMETER].startswith("s3://")
        assert _found(here, given[model_data.PARAMETER]) == holds


def test_a_container_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    """An archive of `ipc-ai package` has entries of files alone."""
    weights = tmp_path / "weights"
    weights.touch()
    model_archive.write({"code/inference.py": weights}, tmp_path / "model.tar.gz")
    before = os.umask(0o077)
    try:
        with model_data.unpacked(tmp_path / "model.tar.gz", "s3://bucket/key", region="us-east-1") as folder:
            assert folder
            modes = [path.stat().st_mode & 0o777 for path in (folder, folder / "code", folder / "code/inference.py")]
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert modes == [0o755, 0o755, 0o644]


def test_a_path_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="nothing is not a model"):
        _found(tmp_path / "nothing", "s3://stand-in/model.tar.gz")
