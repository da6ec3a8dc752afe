"""A model's artefacts, by the engine that runs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CatalogueError, Model
from ipc_ai_serving import model_folder
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.model_folder import ModelFolder
from workbench import typed
from workbench.errors import BenchmarkError
from workbench.store.model_folder import older_models

# Roles of the artefacts that an engine needs, and where a folder has them without saying so.
_ROLES = {"onnxruntime": ("onnx",), "mxnet": ("symbol", "params"), "dlr": ("neo", "library")}
_SYMBOL, _PARAMS = "-symbol.json", "-0000.params"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A model on one engine.

    Attributes:
        called: its own name, which its description or the names of its files say.
        model: what it is; its engine is this one.
        files: role of an artefact to its path, inside the folder.
        folder: where it lies; None for a model that ships inside an installed package.
    """

    called: str
    model: Model
    files: Mapping[str, Path]
    folder: Path | None

    @property
    def folder_name(self) -> str:
        """The name of its folder."""
        return self.folder.absolute().name if self.folder else self.called

    @property
    def place(self) -> str:
        """The name of its folder, and of what that lies in."""
        return "/".join(self.folder.absolute().parts[-2:]) if self.folder else self.called

    @property
    def applications(self) -> tuple[str, ...]:
        """Applications that it serves."""
        return self.model.applications


def parts(named: str, stores: Sequence[Path], application: str | None) -> list[Part]:
    """A model on every engine that it has artefacts for; the engine that its description names comes first.

    Args:
        named: a model folder, or a name of the catalogue.
        stores: folders of model folders, for names; an engine's artefacts are taken from the first that has them.
        application: whose artefacts, where a model has others for each.

    Raises:
        BenchmarkError: there are none, or they are another's for each application.
        UnknownNameError: neither a folder nor a name of the catalogue.
    """
    path = Path(named)
    if path.is_dir():
        folders, called = [path], path.absolute().name
    else:
        if path.exists():
            raise BenchmarkError(f"{named} is no folder; name the model folder that 'export' or 'compile' wrote")
        known, called = catalogue.load().model(named), named
        if not known.all_files():
            return [Part(called=called, model=known, files={}, folder=None)]
        folders = [store / named for store in stores if (store / named).is_dir()]
    if not folders:
        looked = " or ".join(str(store) for store in stores)
        raise BenchmarkError(
            f"{named} is not in {looked}; run '{typed.fetch(named, stores[0])}' or '{typed.command('export', named)}'"
        )
    found: dict[str, Part] = {}
    for folder in folders:
        described = _described(folder, called, application)
        for model, files in _on_engines(folder, described):
            found.setdefault(model.engine, Part(called=model.name, model=model, files=files, folder=folder))
    return list(found.values())


def _described(folder: Path, called: str, application: str | None) -> ModelFolder:
    """The model of a folder, as the container finds it."""
    known = catalogue.load()
    candidates: list[ModelFolder] = []
    served: list[str] = []
    failure = ""
    for asked in [application] if application else known.applications:
        for name in dict.fromkeys([called, *_older_names(folder, asked)]):
            try:
                found = model_folder.find(name, asked, model_dir=folder, model_store=folder, catalogue=known)
            except (ModelLoadError, CatalogueError) as error:
                failure = failure or str(error)
                continue
            if found.files:
                candidates.append(found)
                served.append(asked)
    if not candidates:
        if failure and (folder / "model.json").is_file():
            raise BenchmarkError(failure)
        raise BenchmarkError(
            f"{folder} has no model.json and no artefacts whose names tell; make one with "
            f"'{typed.command('fetch')}', 'export' or 'compile'"
        )
    if len({frozenset(found.files.values()) for found in candidates}) > 1:
        names = ", ".join(sorted({path.name for found in candidates for path in found.files.values()}))
        raise BenchmarkError(
            f"{folder} has files of several models ({names}); say of which application with --application, or give "
            "each a folder of its own"
        )
    model = candidates[0].model
    # Files of the older layout say whom they serve, and their description, which is that of another, does not.
    applications = tuple(name for name in model.applications if name in served) or model.applications
    return ModelFolder(dataclasses.replace(model, applications=applications), candidates[0].files)


def _older_names(folder: Path, application: str) -> list[str]:
    """Names of models in the older layout, which has no description."""
    if (folder / "model.json").is_file():
        return []
    return [name for served, name in older_models(folder) if served == application]


def _on_engines(folder: Path, described: ModelFolder) -> Iterator[tuple[Model, Mapping[str, Path]]]:
    """The model as it is described, and on other engines whose artefacts lie beside."""
    yield described.model, described.files
    everything = {**_undescribed(folder), **described.files}
    for engine, roles in _ROLES.items():
        if engine == described.model.engine or not all(role in everything for role in roles):
            continue
        files = {role: everything[role] for role in roles}
        yield _description(described.model, engine, {path.name for path in files.values()}), files


def _undescribed(folder: Path) -> dict[str, Path]:
    """Artefacts by role; a role with several candidates in a folder is left out."""
    graphs, symbols = list(folder.glob("[!.]*.onnx")), list(folder.glob(f"[!.]*{_SYMBOL}"))
    found = {"onnx": graphs[0]} if len(graphs) == 1 else {}
    if len(symbols) == 1:
        params = symbols[0].with_name(symbols[0].name.removesuffix(_SYMBOL) + _PARAMS)
        found |= {"symbol": symbols[0], "params": params} if params.is_file() else {}
    return found


def _description(model: Model, engine: str, names: set[str]) -> Model:
    """The catalogue's of these files, where it knows them; else the folder's own with another engine."""
    for known in catalogue.load().models.values():
        if known.engine == engine and names == {file.name for file in known.all_files()}:
            return dataclasses.replace(known, name=model.name)
    return dataclasses.replace(model, engine=engine)
