"""Knowledge of one head each: ``guesses(graph, beside)`` returns the models that a graph may be, none for others.

Each module is named as the head that reads the outputs in the container.
"""

from __future__ import annotations

import importlib
import pkgutil

from workbench.errors import RecognitionError
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import Beside, Guess


def names() -> list[str]:
    """Names of all heads that can be recognised."""
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


def guesses(graph: GraphFacts, beside: Beside, *, only: str | None = None) -> list[Guess]:
    """Models that a graph may be, of all heads or of one.

    Raises:
        RecognitionError: a head knows the graph and refuses it, and no other may read it.
    """
    found: list[Guess] = []
    refusal: RecognitionError | None = None
    for name in [only] if only else names():
        try:
            found += importlib.import_module(f"{__name__}.{name}").guesses(graph, beside)
        except RecognitionError as error:
            refusal = refusal or error
    if not found and refusal is not None:
        raise refusal
    return found
