"""Model of a plan: one of the catalogue, or the operator's own by its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON, nearest
from workbench.capacity.throughput import Measurement
from workbench.errors import PlanError
from workbench.store.model_folder import DESCRIPTION, older_models, read

_FIRST = "face-detection"


@dataclass(frozen=True)
class PlannedModel:
    """Model, or pair of models, and the application that serves it.

    Attributes:
        name: its name, ``DETECTOR+EMBEDDER`` for a pair.
        application: the application.
        engines: engines of its parts; empty for a custom application.
        folders: folders of the operator's own parts by their names.
    """

    name: str
    application: str
    engines: frozenset[str] = frozenset()
    folders: Mapping[str, Path] = field(default_factory=dict)

    def link_into(self, store: Path, others: Path) -> None:
        """Make a store of links to the model folders: the operator's own, and the others of another store."""
        for part in self.name.split("+"):
            folder = self.folders.get(part, others / part)
            if folder.is_dir():
                (store / part).symlink_to(folder.resolve())


def chosen(word: str | None, application: str | None, measurements: Sequence[Measurement] = ()) -> PlannedModel:
    """Find the model asked for, or the first that the application accepts.

    Args:
        word: a name of the catalogue, a model folder, or two of these with ``+`` between; None for the default.
        application: the application; None for that of the model, else for face detection.
        measurements: earlier ones, whose models may be named though their folders are elsewhere.

    Raises:
        PlanError: the application does not accept it.
        UnknownNameError: it is not in the catalogue.
    """
    known = catalogue.load()
    if application is not None:
        known.application(application)
    if application == CUSTOM or word is None:
        return _default(word, application or _FIRST)
    measured = [each for each in measurements if each.model == word and application in (None, each.application)]
    if measured and not _is_there(word):
        return PlannedModel(word, measured[0].application, frozenset(measured[0].engines))
    parts = [_part(half) for half in ([word] if Path(word).exists() else word.split("+"))]
    name = "+".join(part.name for part in parts)
    own = {part.name: part.folder for part in parts if part.folder}
    if not own:
        served = [each for each in known.applications if name in known.model_choices(each)]
    elif len(parts) == 2:
        served = [FACE_COMPARISON]
    else:
        served = [each for each in parts[0].applications if each != FACE_COMPARISON]
        if not served:
            raise PlanError(f"{name} is one half of a pair for {FACE_COMPARISON}; name DETECTOR+EMBEDDER")
    served_by = application or (_FIRST if _FIRST in served or not served else served[0])
    if served_by not in served:
        choices = known.model_choices(served_by)
        raise PlanError(f"{name} does not serve {served_by}{nearest(name, choices)}; it takes {', '.join(choices)}")
    return PlannedModel(name, served_by, frozenset(part.engine for part in parts), own)


def _is_there(word: str) -> bool:
    """Return whether a word is a path, or names of the catalogue and paths."""
    known = catalogue.load().models
    return Path(word).exists() or all(half in known or Path(half).exists() for half in word.split("+"))


def _default(word: str | None, application: str) -> PlannedModel:
    if application == CUSTOM:
        if word is None:
            raise PlanError("a custom application has no default model; name yours with --model and give --throughput")
        return PlannedModel(Path(word).name.removesuffix(".tar.gz"), CUSTOM)
    known = catalogue.load()
    name = known.model_choices(application)[0]
    return PlannedModel(name, application, frozenset(part.engine for part in known.parts(name)))


@dataclass(frozen=True)
class _Part:
    name: str
    applications: tuple[str, ...]
    engine: str
    folder: Path | None


def _part(word: str) -> _Part:
    """Part of the catalogue, or of a model folder; one of the older layout is told by its files."""
    folder = Path(word)
    if not folder.is_dir():
        known = catalogue.load().model(word)
        return _Part(known.name, known.applications, known.engine, None)
    if (folder / DESCRIPTION).is_file():
        try:
            model = read(folder)
        except ValueError as error:
            raise PlanError(str(error)) from error
        return _Part(model.name, model.applications, model.engine, folder)
    older = older_models(folder)
    if len(older) != 1:
        raise PlanError(f"{word} has no {DESCRIPTION}; name a model folder, or a packed model")
    ((application, name),) = older
    return _Part(name, (application,), "mxnet", folder)
