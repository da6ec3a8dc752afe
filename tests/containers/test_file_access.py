"""Models with files that the program may not read, as SageMaker unpacks an archive made under umask 077."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.file_access import require_readable, unreadable_below
from ipc_ai_serving.hooks.application import Application
from ipc_ai_serving.hooks.user_packages import code_folder
from ipc_ai_serving.model_folder import find
from ipc_ai_serving.server.host import ApplicationHost

_USER = 10001


@pytest.fixture
def model() -> Iterator[Path]:
    """Model folder; the test does not run as root, who may read everything, but as the image's user."""
    folder = Path(tempfile.mkdtemp())
    for name in ("yolox_nano.onnx", "model.json", "code/inference.py", "code/weights.bin"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    folder.chmod(0o755)
    was = os.geteuid()
    if was == 0:
        os.seteuid(_USER)
    yield folder
    os.seteuid(was)
    for path in (folder, folder / "code"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def _as_owner(path: Path, mode: int) -> None:
    user = os.geteuid()
    os.seteuid(os.getuid())
    path.chmod(mode)
    os.seteuid(user)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("yolox_nano.onnx", 0o600), ("model.json", 0o400), ("code/weights.bin", 0), ("code", 0o700), ("", 0)],
)
def test_a_file_that_cannot_be_read_is_named(model: Path, name: str, mode: int) -> None:
    assert unreadable_below(model) is None
    require_readable(model / name, model / "nothing" / "there")
    _as_owner(model / name, mode)
    if os.access(model / name, os.R_OK, effective_ids=True):
        pytest.skip("this user owns the file and may read it")
    says = (
        f"{model / name} cannot be read: its mode is {mode:o} and its owner uid {os.getuid()}, and this program runs "
        f"as uid {os.geteuid()}; pack the model again after 'chmod -R a+rX', or build the image with RUN_AS=root"
    )
    assert unreadable_below(model) == says
    below = {"code": "code/weights.bin", "": "model.json"}.get(name, name)
    with pytest.raises(ModelLoadError) as caught:
        require_readable(model / below)
    assert str(caught.value) == says


def test_links(model: Path) -> None:
    os.seteuid(os.getuid())
    (model / "nowhere").symlink_to(model / "nothing")
    (model / "link").symlink_to(model / "code" / "weights.bin")
    os.seteuid(_USER if os.getuid() == 0 else os.getuid())
    assert unreadable_below(model) is None
    _as_owner(model / "code", 0)
    with pytest.raises(ModelLoadError, match=rf"^{model}/link cannot be read: "):
        require_readable(model / "link")


@pytest.mark.parametrize("unreadable", ["yolox_nano.onnx", ""])
def test_a_model_of_the_catalogue(model: Path, unreadable: str) -> None:
    _as_owner(model / "model.json", 0)
    os.seteuid(os.getuid())
    (model / "model.json").unlink()
    (model / unreadable).chmod(0)
    os.seteuid(_USER if os.getuid() == 0 else os.getuid())
    with pytest.raises(ModelLoadError, match=rf"^{model / unreadable} cannot be read: its mode is 0 "):
        find("yolox_nano", "body-detection", model_dir=model, model_store=model / "none", catalogue=catalogue.load())


def test_a_description(model: Path) -> None:
    _as_owner(model / "model.json", 0)
    with pytest.raises(ModelLoadError, match=r"model\.json cannot be read: its mode is 0 "):
        find("red", "body-detection", model_dir=model, model_store=model / "none", catalogue=catalogue.load())


@pytest.mark.parametrize("unreadable", ["code/inference.py", "code", ""])
def test_a_program_of_the_user_s_own(model: Path, unreadable: str) -> None:
    _as_owner(model / unreadable, 0)
    with pytest.raises(ModelLoadError, match=rf"^{model / unreadable} cannot be read: its mode is 0 "):
        code_folder(model)


def test_a_framework_s_own_words_are_explained(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    _as_owner(model / "code/weights.bin", 0)

    def model_fn(_: str) -> None:
        raise RuntimeError("open file failed")

    def unused(*_: object) -> tuple[bytes, str]:
        raise AssertionError

    host = ApplicationHost(lambda: Application(model_fn, unused, unused, unused), str(model), queue_limit=1)
    host.load()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert caplog.messages[0].startswith(
        f"model could not be loaded: {model}/code/weights.bin cannot be read: its mode is 0 "
    )
    assert caplog.messages[1] == "model could not be loaded: RuntimeError: open file failed"
