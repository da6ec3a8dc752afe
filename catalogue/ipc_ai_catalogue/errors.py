"""Errors of the catalogue, with the nearest right name.

::

    CatalogueError          an entry that cannot be understood (a field missing or of a wrong value)
    └── UnknownNameError    a name that is not in the catalogue; carries the nearest right one
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
