"""Class names of a recognised network, and the applications that they make it fit for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CLASSIFIER, FACE_COMPARISON, OBJECT_DETECTION, Model, class_names
from workbench.errors import RecognitionError
from workbench.recognition.guess import Beside, Guess

_DATA_SETS = {80: "coco", 91: "coco-91", 1000: "imagenet"}


def of_count(
    count: int, beside: Beside, *, data_sets: Sequence[str] = tuple(_DATA_SETS.values())
) -> tuple[tuple[str, ...], str]:
    """Names for a network of ``count`` classes that has none of its own, and the evidence.

    Args:
        count: classes, as its outputs have them.
        beside: names of a file come first.
        data_sets: data sets whose names are taken where their number fits.

    Raises:
        RecognitionError: the file has another number of names.
    """
    if beside.classes:
        if len(beside.classes) != count:
            raise wrong_number(beside, count)
        return beside.classes, f"{beside.classes_from} names its {count} classes"
    known = _DATA_SETS.get(count)
    if known in data_sets and known is not None:
        return class_names.of_data_set(known), f"{count} classes, whose names are taken to be those of {known}"
    names = tuple(f"class {index}" for index in range(count))
    return names, f"{count} {'class' if count == 1 else 'classes'} without a name; --classes FILE gives names"


def wrong_number(beside: Beside, count: int) -> RecognitionError:
    """Error of a file of names that fits another network."""
    return RecognitionError(
        f"{beside.classes_from} names {len(beside.classes)} classes, and the network has {count}; correct the file, or "
        "name another with --classes FILE"
    )


def applications_of(classes: Sequence[str], *, has_landmarks: bool = False) -> tuple[str, ...]:
    """Applications of a detector by its class names, the first of which is served where none is asked for.

    A detector of faces or of bodies alone serves these first, any other all of its classes.
    """
    named = {name.lower() for name in classes if name}
    fitting = [each.name for each in catalogue.load().applications.values() if named & set(each.targets)]
    alone = len(named) == 1 and bool(fitting)
    order = [*fitting, OBJECT_DETECTION] if alone else [OBJECT_DETECTION, *fitting]
    return (*order, FACE_COMPARISON) if has_landmarks else tuple(order)


def with_file(guesses: Sequence[Guess], beside: Beside) -> list[Guess]:
    """Give guesses the names of a file; those that have another number of classes are left out.

    Raises:
        RecognitionError: all have another number.
    """
    if not beside.classes:
        return list(guesses)
    named, refused = [], None
    for guess in guesses:
        try:
            model = renamed(guess.model, beside)
        except RecognitionError as error:
            refused = error
        else:
            because = (*guess.because, f"{beside.classes_from} names its classes")
            named.append(dataclasses.replace(guess, model=model, because=because))
    if refused is not None and not named:
        raise refused
    return named


def renamed(model: Model, beside: Beside) -> Model:
    """Give a model the names of a file that the operator chose, whatever its graph says.

    The file has a name for each index, or for each index that the network answers.

    Raises:
        RecognitionError: the file has another number of names.
    """
    if not model.classes:
        raise RecognitionError(f"the head '{model.head}' has no classes to name; leave --classes out")
    names = beside.classes
    answered = [index for index, name in enumerate(model.classes) if name]
    if len(names) != len(model.classes):
        if len(names) != len(answered):
            raise wrong_number(beside, len(answered))
        by_index = dict(zip(answered, names, strict=True))
        names = tuple(by_index.get(index, "") for index in range(len(model.classes)))
    if names == model.classes or model.role == CLASSIFIER:
        return dataclasses.replace(model, classes=names)
    has_landmarks = FACE_COMPARISON in model.applications
    return dataclasses.replace(model, classes=names, applications=applications_of(names, has_landmarks=has_landmarks))
