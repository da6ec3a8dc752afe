"""Read ``models.json`` into frozen, typed objects that answer questions about it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ipc_ai_catalogue import class_names
from ipc_ai_catalogue.errors import CatalogueError, UnknownNameError
from ipc_ai_catalogue.model import Licence, Model, ModelFile, ModelInput, ModelOutput
from ipc_ai_catalogue.names import CLASSIFIER

_MODELS_JSON = Path(__file__).resolve().parent.with_name("models.json")
_ALONE = ("detector", CLASSIFIER)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Application:
    """A value of ``applicationType``.

    ``model_parameter`` names the stack parameter that chooses its model, ``older_prefix`` the prefix
    of file names in the older layout (``PREFIX_MODEL-symbol.json``). ``targets`` are the names of the class that it
    answers, of which a model has one; without any it answers all classes of its model.
    """

    name: str
    title: str
    model_parameter: str
    default: bool = False
    older_prefix: str | None = None
    pairs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


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
        """Names of the models that need no other, of all or of one application, the default first."""
        chosen = [
            model
            for model in self.models.values()
            if model.role in _ALONE and (application is None or application in model.applications)
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
            name: _construct(
                Application,
                name,
                {
                    **entry,
                    "name": name,
                    "pairs": tuple(entry.get("pairs", ())),
                    "targets": tuple(entry.get("targets", ())),
                },
            )
            for name, entry in document["applications"].items()
        },
        models={name: model_from_dict(name, entry) for name, entry in document["models"].items()},
    )


def model_from_json(text: str) -> Model:
    """Build a model from the text of a model folder's ``model.json``.

    Raises:
        CatalogueError: it is no JSON object, or a field is missing, unknown or of another kind.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise CatalogueError(f"it is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise CatalogueError("it must be a JSON object")
    if not isinstance(name := document.pop("name", None), str):
        raise CatalogueError("field 'name' is missing, the name of the model")
    try:
        return model_from_dict(name, document)
    except (TypeError, AttributeError) as error:
        raise CatalogueError(f"a field is of another kind than docs/models.md says: {error}") from error


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
            "classes": class_names.of(entry.get("classes", ())),
            "output": _construct(ModelOutput, name, entry.get("output", {})),
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
