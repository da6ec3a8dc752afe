"""Writing of a model folder: artefacts and the ``model.json`` that describes them."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ipc_ai_catalogue import FACE_COMPARISON, Model, ModelFile
from workbench import typed
from workbench.store.artefacts import sha256


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Provide a new folder, which replaces ``folder`` on success and is removed after an error."""
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
    """Write ``model.json`` for artefacts that lie in ``folder``.

    Args:
        folder: the model folder.
        model: its description, with the files replaced by ``files``.
        files: file names by role of the artefact; they serve every application of the model.
    """
    artefacts = tuple(ModelFile(name=name, role=role, sha256=sha256(folder / name)) for role, name in files.items())
    described = dataclasses.replace(model, files={"any": artefacts})
    text = json.dumps(dataclasses.asdict(described), indent=2)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
    return described


def serving_command(model: Model, folder: Path) -> str | None:
    """Command that serves a detector's folder on this machine; None for one model of a pair, which needs the other."""
    alone = [name for name in model.applications if name != FACE_COMPARISON]
    if not alone:
        return None
    # Body detection is preferred, because the classes of COCO have a person and no face.
    words = [f"applicationType={alone[-1]}", f"detectorModelName={model.name}", f"modelDataUrl={folder}"]
    return typed.command("up", "--parameters", *words)
