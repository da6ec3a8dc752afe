"""Model of a folder of the older layout: ``PREFIX_NAME-symbol.json`` with ``PREFIX_NAME-0000.params``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import model_folder
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.model_folder import ModelFolder
from workbench import typed
from workbench.errors import CompileError
from workbench.store.model_folder import older_models


def find(folder: Path, application: str | None) -> ModelFolder:
    """Describe the one model as the container does; it serves the application of its files' names.

    Args:
        folder: a folder without a ``model.json``.
        application: whose model, where the folder has several.

    Raises:
        CompileError: there is none, or there are several.
    """
    found = [each for each in older_models(folder) if application in (None, each[0])]
    if len(found) > 1:
        files = ", ".join(path.name for path in sorted(folder.glob("[!.]*_detector_*-symbol.json")))
        raise CompileError(f"{folder} holds several models; name one by its file: {files}")
    if not found:
        raise CompileError(
            f"{folder} has neither a model.json nor body_detector_NAME-symbol.json and "
            f"body_detector_NAME-0000.params; make the folder with '{typed.command('export')}' or 'fetch', or write a "
            "model.json"
        )
    ((served, name),) = found
    known = catalogue.load()
    try:
        older = model_folder.find(name, served, model_dir=folder, model_store=folder, catalogue=known)
    except ModelLoadError as error:
        raise CompileError(str(error)) from error
    return dataclasses.replace(older, model=dataclasses.replace(older.model, title=name, applications=(served,)))
