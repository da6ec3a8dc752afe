"""Choice of the built-in application for weights without a program."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON, CatalogueError, nearest
from workbench.errors import PackageError
from workbench.packing.framework_layouts import DESCRIPTION
from workbench.packing.model_archive import Files
from workbench.packing.model_program import PROGRAM_NAME


def built_in(source: Path, found: Files, application: str | None) -> tuple[str, str]:
    """Find the application and the model for weights without a program.

    Raises:
        PackageError: no application and no model can be told for them.
    """
    known = catalogue.load()
    described = [name for name in found if PurePosixPath(name).name == DESCRIPTION]
    older = re.compile(r"(?P<prefix>[a-z]+_detector)_(?P<model>.+)-symbol\.json")
    try:
        models = [_model_of(found[name]) for name in described]
    except (ValueError, KeyError, TypeError, CatalogueError) as error:
        raise PackageError(f"{DESCRIPTION} does not describe a model: {error}") from error
    for name in found:
        if (match := older.fullmatch(name)) and not models:
            served = [kind.name for kind in known.applications.values() if kind.older_prefix == match["prefix"]]
            if served:
                return served[0], match["model"]
    if not models:
        raise PackageError(
            f"nothing says how the weights in {source} are read; add {PROGRAM_NAME} with --inference FILE, or a "
            f"{DESCRIPTION} (docs/models.md) for a built-in application"
        )
    if len(models) == 2:
        models.sort(key=lambda model: "embedder" in model.role)
        return FACE_COMPARISON, "+".join(model.name for model in models)
    model = models[0]
    if application is not None and application not in model.applications:
        raise PackageError(
            f"{model.name} does not serve {application}{nearest(application, model.applications)}; it serves "
            f"{', '.join(model.applications)}"
        )
    served_by = [application] if application else [name for name in model.applications if name != FACE_COMPARISON]
    if not served_by:
        raise PackageError(
            f"{model.name} is one half of a pair for face-comparison; package a folder that holds detector and "
            "embedder, each in a folder of its name"
        )
    if len(served_by) > 1:
        raise PackageError(f"{model.name} serves {' and '.join(served_by)}; say which with --application")
    return served_by[0], model.name


def _model_of(description: Path) -> catalogue.Model:
    document = json.loads(description.read_text(encoding="utf-8"))
    return catalogue.model_from_dict(document.pop("name"), document)
