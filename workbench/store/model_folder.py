"""Writing of a model folder: artefacts and the ``model.json`` that describes them."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON, CatalogueError, Model, ModelFile, model_from_json
from workbench import typed
from workbench.errors import CompileError
from workbench.store.artefacts import sha256

DESCRIPTION = "model.json"
_SYMBOL, _PARAMS = "-symbol.json", "-0000.params"


def read(folder: Path) -> Model:
    """Read the description of a model in its folder.

    Raises:
        ValueError: it describes none.
    """
    path = folder / DESCRIPTION
    try:
        return model_from_json(path.read_text(encoding="utf-8"))
    except (ValueError, CatalogueError) as error:
        raise ValueError(f"{path} does not describe a model: {error}") from error


def older_models(folder: Path) -> list[tuple[str, str]]:
    """Application and name of each model of the older layout in a folder.

    Its two files are ``PREFIX_NAME-symbol.json`` and ``PREFIX_NAME-0000.params``, without a ``model.json``.
    """
    return [
        (application.name, path.name.removeprefix(f"{application.older_prefix}_").removesuffix(_SYMBOL))
        for application in catalogue.load().applications.values()
        if application.older_prefix
        for path in sorted(folder.glob(f"{application.older_prefix}_*{_SYMBOL}"))
        if path.with_name(path.name.removesuffix(_SYMBOL) + _PARAMS).is_file()
    ]


def require_replaceable(folder: Path) -> None:
    """Refuse a folder for a compiled model that holds something else.

    Raises:
        CompileError: it is there and is no model folder.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / DESCRIPTION).is_file())):
        raise CompileError(f"{folder} is there and is no model folder; name another with --output")


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
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    return described


def serving_command(model: Model, folder: Path) -> str | None:
    """Command that serves a folder with one model on this machine; None for half a pair, which needs the other."""
    alone = [name for name in model.applications if name != FACE_COMPARISON]
    if not alone:
        return None
    # Without names body detection is preferred, because the classes of COCO have a person and no face.
    application = alone[0] if model.classes else alone[-1]
    words = [f"applicationType={application}", f"detectorModelName={model.name}", f"modelDataUrl={folder}"]
    return typed.command("up", "--parameters", *words)
