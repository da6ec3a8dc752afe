"""Result of Neo as a model folder, which the container runs on the engine ``dlr``."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ipc_ai_catalogue import Model, ModelFile
from workbench.compilers.neo.shape import Shape, fitted
from workbench.errors import NeoError

_COMPILED = "compiled"
_DESCRIPTION = "neo.json"


def unpack(
    archive: Path,
    folder: Path,
    *,
    model: Model | None,
    application: str | None,
    shape: Shape,
    device: str,
    outputs: Sequence[str],
) -> bool:
    """Unpack the archive into ``folder``, in place of its earlier content.

    Args:
        archive: Neo's result.
        folder: the model folder.
        model: the compiled model, or None where nothing describes it.
        application: the one application that it serves; None for all.
        shape: input name and shape that it was compiled for.
        device: the device on which DLR runs it.
        outputs: names of its outputs.

    Returns:
        True when the container can run it: there is a library for DLR, and a description.

    Raises:
        NeoError: the archive cannot be unpacked, or ``folder`` exists and is no result of Neo.
    """
    if folder.exists() and not (folder / _DESCRIPTION).is_file():
        raise NeoError(f"{folder} is there and holds something else; name another folder with --into")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as parent:
        made = Path(parent) / folder.name
        try:
            with tarfile.open(archive, "r:gz") as packed:
                packed.extractall(made / _COMPILED, filter="data")
        except (OSError, EOFError, tarfile.TarError) as error:
            raise NeoError(f"what Neo wrote is no archive that can be unpacked: {error}") from error
        described = {"device": device, "shape": list(shape), "outputs": list(outputs)}
        _write(made / _DESCRIPTION, described)
        names = sorted(path.relative_to(made).as_posix() for path in (made / _COMPILED).rglob("*") if path.is_file())
        library = _library(names)
        if model and library:
            _write(made / "model.json", _described(model, application, shape, names, library))
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return bool(model and library)


def _library(names: Sequence[str]) -> str | None:
    """Name of the compiled network's library; DLR's own may lie beside it."""
    found = [name for name in names if name.endswith(".so") and Path(name).name != "libdlr.so"]
    return found[0] if len(found) == 1 else None


def _described(
    model: Model, application: str | None, shape: Shape, names: Sequence[str], library: str
) -> dict[str, object]:
    others = {name: name for name in names if name != library}
    files = {"neo": _DESCRIPTION, "library": library, **others}
    compiled = dataclasses.replace(
        model,
        title=f"{model.title}, compiled by Neo",
        engine="dlr",
        default=False,
        applications=(application,) if application else model.applications,
        input=fitted(model.input, shape),
        files={application or "any": tuple(ModelFile(name=name, role=role) for role, name in files.items())},
    )
    return dataclasses.asdict(compiled)


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
