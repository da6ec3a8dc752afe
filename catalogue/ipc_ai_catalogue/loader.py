"""Read ``models.json`` into frozen, typed objects that answer questions about it.

Errors::

    CatalogueError          an entry that cannot be understood (a field missing or of a wrong value)
    └── UnknownNameError    a name that is not in the catalogue; carries the nearest right one
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

_MODELS_JSON = Path(__file__).resolve().parent.with_name("models.json")
_ANY_APPLICATION = "any"

T = TypeVar("T")


class CatalogueError(Exception):
    """A catalogue entry or ``model.json`` that cannot be understood."""


class UnknownNameError(CatalogueError):
    """A name that is not in the catalogue."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        super().__init__(f"unknown {kind} '{name}'{nearest(name, known)}; known: {', '.join(known)}")


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """Suggest the known name closest to ``name`` as ``", did you mean 'X'?"``; empty where none is close.

    Names are close from a similarity of ``cutoff`` on, as ``difflib`` counts it from 0 to 1.
    Of a pair, ``DETECTOR+EMBEDDER``, the half that is in none of the known pairs is named, with the closest to it.
    """
    known = list(known)
    for half, halves in zip(name.split("+") if name.count("+") == 1 else (), _halves(known), strict=False):
        if half not in halves:
            return f", whose half '{half}' is unknown{nearest(half, halves)}"
    close = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f", did you mean '{close[0]}'?" if close else ""


def _halves(known: Iterable[str]) -> list[tuple[str, ...]]:
    """First and second halves of the pairs among the names."""
    return list(zip(*(name.split("+") for name in known if name.count("+") == 1), strict=True))


@dataclass(frozen=True, kw_only=True)
class ModelInput:
    """Preprocessing of a frame to the tensor that a model takes.

    Attributes:
        tensor: name of the input tensor.
        resize: ``short-side`` (aspect ratio kept, short side to ``size``), ``letterbox`` (fits a
            ``size`` x ``size`` square from its top left corner) or ``aligned-face`` (a face warped to
            ``size`` x ``size``).
        size: side in pixels at the network input.
        stride: height and width are padded to a multiple of it.
        max_long_side: the long side at the network input never exceeds it, in pixels.
        colour: channel order, ``RGB`` or ``BGR``.
        scale, mean, std: normalisation ``(pixel * scale - mean) / std``, mean and std in the order of ``colour``.
        enlarge: True where a frame smaller than ``size`` is enlarged to it.
        interpolation: ``linear`` or ``cubic`` (as in MXNet's ``resize_short``).
        pad_value: pixel value of padding, 0-255, before normalisation.
    """

    tensor: str
    resize: str
    size: int
    stride: int
    max_long_side: int
    colour: str
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    enlarge: bool = True
    interpolation: str = "linear"
    pad_value: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """An artefact: its path in the model folder, its role for the engine, its source."""

    name: str
    role: str
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Licence:
    """Licence of the weights."""

    spdx: str
    commercial_use: bool
    note: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model: its engine, its input and the head that decodes its output.

    ``files`` maps an application to its artefacts; ``"any"`` stands for every application.
    ``target_class`` is the network's class index of the application's target, ``landmark_std`` the
    factor of a RetinaFace's landmark outputs, ``dimensions`` the length of an embedding. ``head`` names a
    detector's decoder of outputs, or for an embedder the template that faces are aligned to.
    """

    name: str
    title: str
    role: str
    applications: tuple[str, ...]
    engine: str
    head: str
    input: ModelInput
    files: Mapping[str, tuple[ModelFile, ...]]
    licence: Licence
    default: bool = False
    target_class: int = 0
    landmark_std: float = 1.0
    dimensions: int | None = None

    def files_for(self, application: str) -> tuple[ModelFile, ...]:
        """The artefacts that ``application`` needs; empty when the model ships in a wheel."""
        return self.files.get(application, self.files.get(_ANY_APPLICATION, ()))

    def all_files(self) -> tuple[ModelFile, ...]:
        """The artefacts of every application."""
        return tuple(file for files in self.files.values() for file in files)


@dataclass(frozen=True, kw_only=True)
class Application:
    """A value of ``applicationType``.

    ``model_parameter`` names the stack parameter that chooses its model, ``older_prefix`` the prefix
    of file names in the older layout (``PREFIX_MODEL-symbol.json``).
    """

    name: str
    title: str
    model_parameter: str
    default: bool = False
    older_prefix: str | None = None
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All applications and models, in the order of ``models.json``."""

    applications: Mapping[str, Application]
    models: Mapping[str, Model]

    def application(self, name: str) -> Application:
        """The application called ``name``.

        Raises:
            UnknownNameError: there is no such application.
        """
        if name not in self.applications:
            raise UnknownNameError("application", name, self.applications)
        return self.applications[name]

    def model(self, name: str) -> Model:
        """The model called ``name``.

        Raises:
            UnknownNameError: there is no such model.
        """
        if name not in self.models:
            raise UnknownNameError("model", name, self.models)
        return self.models[name]

    def detectors(self, application: str | None = None) -> list[str]:
        """Names of the detectors, of all or of one detection application, the default first."""
        chosen = [
            model
            for model in self.models.values()
            if model.role == "detector" and (application is None or application in model.applications)
        ]
        return [model.name for model in sorted(chosen, key=lambda model: not model.default)]

    def model_choices(self, application: str) -> list[str]:
        """The model names that ``application`` accepts; empty when it accepts any."""
        return list(self.application(application).pairs) or self.detectors(application)

    def parts(self, choice: str) -> list[Model]:
        """The models behind a model name as a user writes it, ``DETECTOR`` or ``DETECTOR+EMBEDDER``.

        Raises:
            UnknownNameError: a part of it is not in the catalogue.
        """
        return [self.model(name) for name in choice.split("+")]


@functools.cache
def load(path: Path = _MODELS_JSON) -> Catalogue:
    """Read the catalogue.

    Raises:
        CatalogueError: an entry lacks a field or has an unknown one.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    return Catalogue(
        applications={
            name: _construct(Application, name, {**entry, "name": name, "pairs": tuple(entry.get("pairs", ()))})
            for name, entry in document["applications"].items()
        },
        models={name: model_from_dict(name, entry) for name, entry in document["models"].items()},
    )


def model_from_dict(name: str, entry: Mapping[str, Any]) -> Model:
    """Build a model from its JSON object, as in ``models.json`` and in a model folder's ``model.json``.

    Raises:
        CatalogueError: a field is missing or unknown.
    """
    try:
        model_input = _construct(
            ModelInput,
            name,
            {**entry["input"], "mean": tuple(entry["input"]["mean"]), "std": tuple(entry["input"]["std"])},
        )
        fields = {
            **entry,
            "name": name,
            "applications": tuple(entry["applications"]),
            "input": model_input,
            "files": {
                application: tuple(_construct(ModelFile, name, file) for file in files)
                for application, files in entry["files"].items()
            },
            "licence": _construct(Licence, name, entry["licence"]),
        }
    except KeyError as missing:
        raise CatalogueError(f"model '{name}': field {missing} is missing") from missing
    return _construct(Model, name, fields)


def _construct(kind: type[T], name: str, fields: Mapping[str, Any]) -> T:
    try:
        return kind(**fields)
    except TypeError as mismatch:
        raise CatalogueError(f"'{name}' in the catalogue: {mismatch}") from mismatch
