"""Writes a model folder: artefacts and the ``model.json`` that describes them."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from catalogue import Model, ModelFile
from workbench.artefacts import sha256


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
