"""Writes a model folder: artefacts and the ``model.json`` that describes them."""

from __future__ import annotations

import dataclasses
import json
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ipc_ai_catalogue import Model, ModelFile
from workbench.store.artefacts import sha256


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when all went well, and vanishes otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    building.chmod(0o755)
    try:
        yield building
        if folder.exists():
            shutil.rmtree(folder)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def describe(folder: Path, model: Model, files: Mapping[str, str]) -> Model:
    """Writes ``model.json`` for artefacts that lie in ``folder``.

    Args:
        folder: the model folder.
        model: what it is; its files are replaced.
        files: role of an artefact to its file name; they serve every application of the model.
    """
    artefacts = tuple(ModelFile(name=name, role=role, sha256=sha256(folder / name)) for role, name in files.items())
    described = dataclasses.replace(model, files={"any": artefacts})
    text = json.dumps(dataclasses.asdict(described), indent=2)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
    return described


def serving_command(model: Model, folder: Path) -> str | None:
    """What serves a detector's folder on this machine; None for a half of a pair, which needs the other one."""
    alone = [name for name in model.applications if name != "face-comparison"]
    if not alone:
        return None
    # Bodies where it serves both: the classes of COCO have a person, and no face.
    words = [f"applicationType={alone[-1]}", f"detectorModelName={model.name}", f"modelDataUrl={folder}"]
    return shlex.join([".venv/bin/python", "-m", "workbench", "up", "--parameters", *words])
