"""Search for a model's folder and its description.

The folders are the unpacked model.tar.gz, then the image's own store. In each the search is for, in this order:
``model.json``; the artefacts that the catalogue names; the older layout ``PREFIX_NAME-symbol.json`` with
``PREFIX_NAME-0000.params``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ipc_ai_catalogue import Catalogue, CatalogueError, Model, ModelFile, model_from_json
from ipc_ai_catalogue import load as load_catalogue
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.file_access import require_readable
from ipc_ai_serving.settings import Settings

_DESCRIPTION = "model.json"
# Earlier versions of the product served GluonCV exports, with YOLOv3 as the default.
_OLDER_LAYOUT_TEMPLATE = "yolo3_darknet53_coco"
_OLDER_SHORT_SIDES = {"ssd_512": 512, "faster_rcnn": 600}


@dataclass(frozen=True)
class ModelFolder:
    """A model and the paths of its artefacts by role."""

    model: Model
    files: Mapping[str, Path]


def chosen(name: str, settings: Settings, *, model_dir: Path) -> ModelFolder:
    """Find the model ``name`` for the application that the environment names.

    Raises:
        ModelLoadError: as :func:`find`.
    """
    return find(
        name,
        settings.application_type,
        model_dir=model_dir,
        model_store=settings.model_store,
        catalogue=load_catalogue(),
    )


def find(name: str, application: str, *, model_dir: Path, model_store: Path, catalogue: Catalogue) -> ModelFolder:
    """Find the model ``name`` for ``application``.

    Raises:
        ModelLoadError: no folder holds it, and the message lists the folders searched; or a file cannot be read.
    """
    known = catalogue.models.get(name)
    if known and not known.files_for(application):
        return ModelFolder(known, {})
    folders = [model_dir, model_dir / name, model_store / name]
    for folder in folders:
        require_readable(folder, folder / _DESCRIPTION)
        for candidate in _candidates(folder, name, application, known, catalogue):
            require_readable(*candidate.files.values())
            return candidate
    looked = ", ".join(str(folder) for folder in folders)
    hint = "" if known else f" and it is not in the catalogue ({', '.join(catalogue.model_choices(application))})"
    raise ModelLoadError(f"the model '{name}' for {application} was not found in {looked}{hint}")


def _candidates(
    folder: Path, name: str, application: str, known: Model | None, catalogue: Catalogue
) -> Iterator[ModelFolder]:
    description = folder / _DESCRIPTION
    if description.is_file():
        model = _described(description)
        yield ModelFolder(model, _existing(folder, model.files_for(application), required=True))
        return
    if known and (files := _existing(folder, known.files_for(application))):
        yield ModelFolder(known, files)
    older = _older_layout(name, application, known, catalogue)
    if older and (files := _existing(folder, older.files_for(application))):
        yield ModelFolder(older, files)


def _described(description: Path) -> Model:
    try:
        return model_from_json(description.read_text(encoding="utf-8"))
    except (ValueError, CatalogueError) as error:
        raise ModelLoadError(f"{description} does not describe a model: {error}") from error


def _existing(folder: Path, files: tuple[ModelFile, ...], *, required: bool = False) -> dict[str, Path]:
    paths = {file.role: folder / file.name for file in files}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing and required:
        raise ModelLoadError(f"{folder} lacks {', '.join(missing)}, which its model.json names")
    return {} if missing else paths


def _older_layout(name: str, application: str, known: Model | None, catalogue: Catalogue) -> Model | None:
    prefix = catalogue.application(application).older_prefix
    if prefix is None:
        return None
    template = known if known and known.engine == "mxnet" else catalogue.model(_OLDER_LAYOUT_TEMPLATE)
    short_side = next((side for start, side in _OLDER_SHORT_SIDES.items() if name.startswith(start)), None)
    stem = f"{prefix}_{name}"
    return replace(
        template,
        name=name,
        input=replace(template.input, size=short_side) if short_side else template.input,
        files={
            application: (
                ModelFile(name=f"{stem}-symbol.json", role="symbol"),
                ModelFile(name=f"{stem}-0000.params", role="params"),
            )
        },
    )
