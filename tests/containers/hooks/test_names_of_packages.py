"""Names of packages: those of the program leave users' own alone, and earlier imports of users' programs still work."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ipc_ai_serving.hooks.user_application import UserHooks

OWN = ["serving", "applications", "catalogue"]


@pytest.fixture(autouse=True)
def _path_and_modules_of_a_new_process() -> Iterator[None]:
    path, before = list(sys.path), _take_out_modules()
    yield
    sys.path[:] = path
    _take_out_modules()
    sys.modules.update(before)


def _take_out_modules() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.split(".")[0] in OWN]
    return {name: sys.modules.pop(name) for name in names}


@pytest.mark.parametrize("name", ["frames", "images", "errors"])
def test_an_import_of_earlier_programs_is_the_same_module(name: str) -> None:
    assert importlib.import_module(f"serving.{name}") is importlib.import_module(f"ipc_ai_serving.{name}")


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("package", [True, False])
def test_a_module_of_the_users_own_keeps_its_name(tmp_path: Path, name: str, package: bool) -> None:
    code = tmp_path / "code"
    own = code / name / "__init__.py" if package else code / f"{name}.py"
    source = f"import {name}\ndef model_fn(model_dir): return {name}.WHOSE\ndef predict_fn(data, model): return [model]"
    own.parent.mkdir(parents=True)
    own.write_text("WHOSE = 'the user'")
    (code / "inference.py").write_text(source)
    hooks = UserHooks.load(tmp_path)
    assert hooks.model_fn(str(tmp_path)) == "the user"


@pytest.mark.parametrize("name", OWN)
def test_a_folder_of_the_users_own_needs_no_init(tmp_path: Path, name: str) -> None:
    own = tmp_path / "code" / name
    own.mkdir(parents=True)
    (own / "labels.py").write_text("WHOSE = 'the user'")
    (own / "frames.py").write_text("WHOSE = 'the user, too'")
    source = f"from {name} import frames, labels\ndef model_fn(model_dir): return [labels.WHOSE, frames.WHOSE]"
    (tmp_path / "code/inference.py").write_text(f"{source}\ndef predict_fn(data, model): return model")
    assert UserHooks.load(tmp_path).model_fn(str(tmp_path)) == ["the user", "the user, too"]
    if name == "serving":
        assert importlib.import_module("serving.images") is importlib.import_module("ipc_ai_serving.images")
