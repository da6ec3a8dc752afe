"""The classes of a model by name, and those of them that an application answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import OBJECT_DETECTION, Model, nearest
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.vision.detections import Wanted

_NAMELESS = "object"
_SHOWN = 20
_NEAR = 0.6


@dataclass(frozen=True)
class AnsweredClasses:
    """Classes that an application answers of a model.

    Attributes:
        names: by the network's class index; empty where the network has no index.
        target: the class of detections without an index.
        answered: (classes,) bool, those that the application answers; None for all.
    """

    names: tuple[str, ...]
    target: str
    answered: Wanted = None

    def names_of(self, classes: npt.NDArray[np.int64] | None, count: int) -> list[str]:
        """Names of ``count`` detections, whose class indexes are ``classes``, (count,), or None."""
        if classes is None:
            return [self.target] * count
        return [self.names[index] for index in classes.tolist()]

    def wanted(self, asked: Sequence[str]) -> Wanted:
        """Return the mask, (classes,) bool, of the classes that a request asks for; None for all.

        Raises:
            ClientError: the application answers no such class; the message has the nearest name.
        """
        if not asked:
            return self.answered
        chosen = {name for each in asked for name in self._called(each)}
        if not self.names:
            return None
        mask = np.array([name.lower() in chosen for name in self.names])
        return mask if self.answered is None else mask & self.answered

    def _called(self, asked: str) -> set[str]:
        """Names, in small letters, of the classes that a request calls ``asked``.

        A name may list synonyms with commas between, as ImageNet's ``tench, Tinca tinca``; each of them calls the class
        where no other has it as its whole name.
        """
        known, wanted = {name.lower() for name in self.known}, asked.lower()
        if wanted in known:
            return {wanted}
        synonyms = {name for name in known if wanted in (part.strip() for part in name.split(","))}
        if not synonyms:
            raise ClientError(
                f"'classes' names '{asked}', which this model does not answer"
                f"{nearest(wanted, sorted(known), cutoff=_NEAR)}; it answers {self._shown}"
            )
        return synonyms

    @property
    def known(self) -> list[str]:
        """Names that the application answers."""
        if not self.names or self.answered is None:
            return list(self.names) or [self.target]
        return [name for name, answered in zip(self.names, self.answered, strict=True) if answered]

    @property
    def _shown(self) -> str:
        more = len(self.known) - _SHOWN
        return ", ".join(self.known[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def answered(model: Model, application: str) -> tuple[Model, AnsweredClasses]:
    """Choose the classes that an application answers, and tell the model's head of the only one.

    Returns:
        The model, whose ``target_class`` is None where it answers several classes, and its classes.

    Raises:
        ModelLoadError: the model has no class that the application stands for.
    """
    targets = _targets(model, application)
    if not model.classes:
        return model, AnsweredClasses((), targets[0] if targets else _NAMELESS)
    if not targets:
        answers_all = all(model.classes)
        mask = None if answers_all else np.array([bool(name) for name in model.classes])
        return dataclasses.replace(model, target_class=None), AnsweredClasses(model.classes, _NAMELESS, mask)
    found = [index for index, name in enumerate(model.classes) if name.lower() in targets]
    if not found:
        raise ModelLoadError(
            f"{model.name} has no class {' or '.join(targets)}, which {application} answers; deploy it as "
            f"applicationType={OBJECT_DETECTION}, or name its class so in model.json"
        )
    mask = np.isin(np.arange(len(model.classes)), found)
    only = found[0] if len(found) == 1 else None
    return dataclasses.replace(model, target_class=only), AnsweredClasses(model.classes, model.classes[found[0]], mask)


def _targets(model: Model, application: str) -> tuple[str, ...]:
    """Names of the class that the application answers; those of the model's own for one that takes any."""
    known = catalogue.load().applications
    if application in known and (known[application].targets or model.classes):
        return known[application].targets
    return next((known[name].targets for name in model.applications if name in known and known[name].targets), ())
