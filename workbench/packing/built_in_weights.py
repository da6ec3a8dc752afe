"""Choice of the built-in application for weights without a program."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON, Model, nearest
from workbench.errors import PackageError
from workbench.packing import framework_layouts
from workbench.packing.model_archive import Files
from workbench.packing.model_program import PROGRAM_NAME
from workbench.store.model_folder import DESCRIPTION, read

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def built_in(source: Path, found: Files, application: str | None) -> tuple[str, str]:
    """Find the application and the model for weights without a program.

    Raises:
        PackageError: no application and no model can be told for them.
    """
    known = catalogue.load()
    described = [name for name in found if PurePosixPath(name).name == DESCRIPTION]
    older = re.compile(r"(?P<prefix>[a-z]+_detector)_(?P<model>.+)-symbol\.json")
    try:
        models = [read(found[name].parent) for name in described]
    except ValueError as error:
        raise PackageError(str(error)) from error
    for model in models:
        if not _NAME.fullmatch(model.name):
            raise PackageError(
                f"'{model.name}', the name in {DESCRIPTION}, is no name for a parameter; use letters, digits, '.', '_' "
                "and '-', at most 63, beginning with a letter or digit"
            )
    for name in found:
        if (match := older.fullmatch(name)) and not models:
            served = [kind.name for kind in known.applications.values() if kind.older_prefix == match["prefix"]]
            if served:
                return served[0], match["model"]
    if not models:
        weights = PurePosixPath(framework_layouts.first_weights(found) or "")
        where = source / weights.parent if source.is_dir() else source
        raise PackageError(
            f"nothing says how the weights in {where} are read; add {PROGRAM_NAME} with --inference FILE, or a "
            f"{DESCRIPTION} beside them (docs/models.md), as a detector or an embedder of a built-in application has it"
        )
    if len(models) > 1:
        return FACE_COMPARISON, _pair(models, source)
    model = models[0]
    if application is not None and application not in model.applications:
        raise PackageError(
            f"{model.name} does not serve {application}{nearest(application, model.applications)}; it serves "
            f"{', '.join(model.applications)}"
        )
    served_by = [application] if application else [name for name in model.applications if name != FACE_COMPARISON]
    if not served_by:
        half = found[described[0]].parent
        both = f"yunet_n+{half}" if _is_embedder(model) else f"{half}+mobileface_v2"
        raise PackageError(
            f"{model.name} is one half of a pair for {FACE_COMPARISON}; name DETECTOR+EMBEDDER, as in '{both}', where "
            "the other is your own or of the catalogue"
        )
    if len(served_by) > 1 and any(map(model.has_files_of_its_own, served_by)):
        raise PackageError(f"{model.name} serves {' and '.join(served_by)}; say which with --application")
    return served_by[0], model.name


def require_files(found: Files, application: str) -> None:
    """Refuse descriptions that name files which are not there.

    Raises:
        PackageError: a file is missing that a model needs for the application.
    """
    for description in [name for name in found if PurePosixPath(name).name == DESCRIPTION]:
        folder = PurePosixPath(description).parent
        named = [(folder / file.name).as_posix() for file in read(found[description].parent).files_for(application)]
        missing = [name for name in named if name not in found]
        if missing:
            raise PackageError(
                f"{description} names {', '.join(missing)}, which is not there; add it, or correct the names in "
                f"{DESCRIPTION}"
            )


def _pair(models: list[Model], source: Path) -> str:
    """Name of a detector and an embedder.

    Raises:
        PackageError: they are no pair.
    """
    models.sort(key=_is_embedder)
    names = [model.name for model in models]
    if [_is_embedder(model) for model in models] != [False, True]:
        told = ", ".join(f"{model.name} ({'embedder' if _is_embedder(model) else 'detector'})" for model in models)
        raise PackageError(
            f"{source} has {len(models)} models: {told}; package one detector alone, or a pair of one detector and one "
            "embedder"
        )
    if names[0] == names[1]:
        raise PackageError(
            f"both models in {source} have the name {names[0]}, by which the container looks for each; give one "
            f"another name in its {DESCRIPTION}"
        )
    return "+".join(names)


def _is_embedder(model: Model) -> bool:
    return "embedder" in model.role


def under_their_names(found: Files) -> tuple[Files, list[tuple[str, str]]]:
    """Rename folders of models to the names in their descriptions, by which the container looks for them.

    Returns:
        The files, and the folders renamed, as ``(there, here)``.
    """
    renamed = []
    for name in [name for name in found if "/" in name and PurePosixPath(name).name == DESCRIPTION]:
        folder, model = PurePosixPath(name).parent.as_posix(), read(found[name].parent).name
        if folder != model:
            renamed.append((f"{folder}/", f"{model}/"))
    for there, here in renamed:
        found = {
            here + name.removeprefix(there) if name.startswith(there) else name: path for name, path in found.items()
        }
    return found, renamed
