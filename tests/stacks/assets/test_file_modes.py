"""Modes of all that a deployment brings along, from a checkout and under a umask that let the owner alone read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stacks.assets.file_modes import make_readable
from stacks.places import REPOSITORY

_SOURCES = (".cache", ".dockerignore", "app.py", "catalogue", "cdk.json", "containers", "lambda", "stacks", "workbench")


def test_all_may_read_and_programs_stay_programs(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "text").touch(mode=0o600)
    (folder / "sub" / "program").touch(mode=0o700)
    outside = tmp_path / "outside"
    outside.touch(mode=0o600)
    (folder / "link").symlink_to(outside)
    (folder / "broken").symlink_to("nowhere")
    for path in (folder, folder / "sub"):
        path.chmod(0o700)
    make_readable(folder)
    modes = [path.stat().st_mode & 0o777 for path in (folder, folder / "sub", *sorted((folder / "sub").iterdir()))]
    assert modes == [0o755, 0o755, 0o755, 0o644]
    assert outside.stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Output of a synth under umask 077, of a checkout that was made under it."""
    checkout = tmp_path_factory.mktemp("private")
    for name in _SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, checkout / name)
    for path in checkout.rglob("*"):
        path.chmod(0o700 if path.is_dir() or path.stat().st_mode & 0o100 else 0o600)
    finished = subprocess.run(
        [sys.executable, "app.py"],
        cwd=checkout,
        env={**os.environ, "CDK_OUTDIR": "cdk.out", "CDK_CONTEXT_JSON": json.dumps(_context())},
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    yield checkout / "cdk.out"
    shutil.rmtree(checkout)


def _context() -> dict[str, Any]:
    """Context of cdk.json, which the CDK's command line gives the app, with a container of the operator's own."""
    context: dict[str, Any] = json.loads((REPOSITORY / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {**context, "customizedApplication": "containers/customized-application"}


@pytest.mark.slow
@pytest.mark.processes
def test_function_and_contexts_of_images_can_be_read_by_all(assembly: Path) -> None:
    assets = [path for path in assembly.glob("asset.*") if path.is_dir()]
    assert len(assets) == 4  # the functions' code, and contexts for two processors and the customized application
    for asset in assets:
        for path in (asset, *asset.rglob("*")):
            wanted = 0o005 if path.is_dir() else 0o004
            assert path.stat().st_mode & wanted == wanted, path


@pytest.mark.slow
@pytest.mark.processes
def test_assets_have_the_same_names_under_every_umask(assembly: Path, template: dict[str, Any]) -> None:
    """Else a deployment from another machine would build and push the same content again."""
    (made,) = (json.loads(path.read_text(encoding="utf-8")) for path in assembly.glob("*.template.json"))

    def names(document: dict[str, Any]) -> set[str]:
        text = json.dumps(document["Resources"])
        return {*re.findall(r"[0-9a-f]{64}\.zip", text), *re.findall(r"container-assets-[^\"]*?:([0-9a-f]{64})", text)}

    assert len(names(template)) == 3
    assert names(template) <= names(made)


@pytest.mark.parametrize("dockerfile", ["inference", "customized-application"])
def test_images_do_not_depend_on_modes_of_the_context(dockerfile: str) -> None:
    """Docker copies modes; the container's user would not read what its owner alone may."""
    lines = (REPOSITORY / "containers" / dockerfile / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copies = [line for line in lines if re.match(r"\s*(COPY|ADD)\b", line, re.IGNORECASE)]
    assert len(copies) > 3
    assert [line for line in copies if not line.startswith("COPY --chmod=755 ")] == []
