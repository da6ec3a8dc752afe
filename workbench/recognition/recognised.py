"""Recognition of one graph: the guesses of all heads, of which the trial leaves one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipc_ai_catalogue import FACE_COMPARISON, Model, ModelFile, nearest
from workbench.errors import RecognitionError
from workbench.recognition import beside as files_beside
from workbench.recognition import class_names, external_data, graph_facts, heads, naming, trial
from workbench.recognition.graph_facts import GraphFacts, Tensor
from workbench.recognition.guess import Beside, Guess

GRAPH = "onnx"
"""Role of the graph among a model's files."""

_MOST_SHOWN = 4


@dataclass(frozen=True)
class Recognised:
    """A graph that was recognised.

    Attributes:
        model: its description.
        because: the evidence, a clause each.
        graph: its file.
        data: its files of weights, relative to its folder.
    """

    model: Model
    because: tuple[str, ...]
    graph: Path
    data: tuple[str, ...] = ()


def recognise(
    graph: Path,
    *,
    head: str | None = None,
    classes: Path | None = None,
    application: str | None = None,
    archive: str | None = None,
    is_half: bool = False,
) -> Recognised:
    """Recognise a graph by its metadata, its outputs and a trial.

    Args:
        graph: its file.
        head: the head that reads it, as ``HEAD`` or ``HEAD:VARIANT``; None for the only one that can.
        classes: a file of class names, in place of those of the graph.
        application: the application that it will serve.
        archive: name of the archive that it was unpacked from.
        is_half: whether the head may be for the other half of a pair, so that it need not fit.

    Raises:
        RecognitionError: it is broken, of no known kind, or of several.
    """
    if head is not None and (name := head.partition(":")[0]) not in heads.names():
        raise RecognitionError(f"unknown head '{name}'{nearest(name, heads.names())}; heads: {_listed(heads.names())}")
    facts = graph_facts.read(graph)
    external_data.require(graph, facts.data)
    around = files_beside.read(graph, classes=classes)
    facts = dataclasses.replace(facts, metadata={**around.metadata, **facts.metadata})
    guesses = _guesses(facts, around, head)
    if is_half and not any(head in (guess.choice, guess.model.head) for guess in guesses):
        head = None
    if application == FACE_COMPARISON and not any(guess.model.classes for guess in guesses):
        classes = None  # they are for the other half of the pair
    if classes is not None:
        guesses = [dataclasses.replace(each, model=class_names.renamed(each.model, around)) for each in guesses]
    fitting = _of_application(_of_head(guesses, head, facts), application, facts)
    chosen = _chosen(fitting, facts, head, application)
    because = (*chosen.because, *_about_names(chosen.model, around, is_named=classes is not None))
    files = (ModelFile(name=graph.name, role=GRAPH), *(_data_file(*each) for each in enumerate(facts.data)))
    model = dataclasses.replace(chosen.model, name=naming.name_of(graph, archive=archive), files={"any": files})
    return Recognised(model, because, graph, facts.data)


def _guesses(facts: GraphFacts, around: Beside, head: str | None) -> list[Guess]:
    """Guesses of the head that is asked for; of all, where it has none."""
    asked = heads.guesses(facts, around, only=head.partition(":")[0]) if head else []
    return asked or heads.guesses(facts, around)


def _of_head(guesses: Sequence[Guess], head: str | None, facts: GraphFacts) -> list[Guess]:
    if head is None:
        if not guesses:
            raise RecognitionError(
                f"{facts.path} is of no kind that is recognised: it takes {_described(facts.inputs)} and answers "
                f"{_described(facts.outputs)}; heads: {_listed(heads.names())} (docs/models.md); write a model.json "
                "beside it, or name a program with --inference FILE"
            )
        certain = [guess for guess in guesses if guess.is_certain]
        return certain or list(guesses)
    found = [guess for guess in guesses if head in (guess.choice, guess.model.head)]
    if not found:
        others = sorted({guess.choice for guess in guesses})
        raise RecognitionError(
            f"the head '{head}' cannot read {facts.path}, which takes {_described(facts.inputs)} and answers "
            f"{_described(facts.outputs)}; {f'it may be {_or(others)}' if others else 'no other can'}"
        )
    return found


def _of_application(guesses: list[Guess], application: str | None, facts: GraphFacts) -> list[Guess]:
    if application is None:
        return guesses
    found = [guess for guess in guesses if application in guess.model.applications]
    if not found:
        served = list(dict.fromkeys(name for guess in guesses for name in guess.model.applications))
        raise RecognitionError(
            f"{facts.path} does not serve {application}{nearest(application, served)}; it serves {_listed(served)}"
        )
    return found


def _chosen(guesses: Sequence[Guess], facts: GraphFacts, head: str | None, application: str | None) -> Guess:
    """The guess that the trial leaves; the first of those that the operator's word names.

    Raises:
        RecognitionError: it leaves none, or several.
    """
    left: list[Guess] = []
    refused: dict[str, str] = {}
    for guess in guesses:
        try:
            trial.run(guess.model, {GRAPH: facts.path}, application=application)
        except RecognitionError as error:
            refused.setdefault(str(error), guess.choice)
        else:
            left.append(guess)
    if not left:
        told = "; ".join(f"as {choice}: {said}" for said, choice in refused.items())
        raise RecognitionError(f"{facts.path} does not answer a photograph {told}")
    if len(left) > 1 and {guess.choice for guess in left} != {head}:
        candidates = "; ".join(f"{guess.choice} ({', '.join(guess.because)})" for guess in left)
        raise RecognitionError(f"{facts.path} may be one of {len(left)}: {candidates}; say which with --head NAME")
    return left[0]


def _about_names(model: Model, around: Beside, *, is_named: bool) -> list[str]:
    """Evidence about names of a file."""
    if not around.classes or not model.classes:
        return []
    if is_named:
        return [f"{around.classes_from} names its classes"]
    if set(around.classes) <= set(model.classes):
        return []
    return [f"{around.classes_from} has other names, which are not taken; --classes FILE takes them"]


def _data_file(number: int, name: str) -> ModelFile:
    return ModelFile(name=name, role=f"weights-{number}")


def _described(tensors: Sequence[Tensor]) -> str:
    shown = [f"{each.name} {each.type}{_shape(each)}" for each in tensors[:_MOST_SHOWN]]
    more = len(tensors) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shape(tensor: Tensor) -> str:
    if tensor.shape is None:
        return ""
    return f" ({', '.join('any' if side is None else str(side) for side in tensor.shape)})"


def _or(words: Sequence[str]) -> str:
    return " or ".join(words)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)
