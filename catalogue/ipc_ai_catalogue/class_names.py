"""Class names by the network's class index, as a list or as the name of a data set in the folder ``classes``.

Source of the lists: ``torchvision/models/_meta.py``. In ``coco-91`` an index is COCO's own category id, of which 80 are
in use; ``coco`` counts these alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

from ipc_ai_catalogue.errors import CatalogueError, UnknownNameError

_LISTS = Path(__file__).resolve().parent.with_name("classes")
# Control characters, separators of lines, marks that turn the order of what follows, and halves of a surrogate pair.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def of(named: str | Sequence[str]) -> tuple[str, ...]:
    """Class names that an entry has, or that are those of a data set.

    Raises:
        UnknownNameError: there is no such data set.
        CatalogueError: the list holds something else than texts.
    """
    if isinstance(named, str):
        return of_data_set(named)
    if not isinstance(named, list | tuple) or not all(isinstance(name, str) for name in named):
        raise CatalogueError("'classes' must be a list of names, or the name of a data set")
    return tuple(named)


def in_a_line(name: str) -> str:
    """Return a name as logs, terminals, pages and requests can have it: a model's metadata may hold any character."""
    return _NOT_IN_A_LINE.sub(" ", name).strip() if _NOT_IN_A_LINE.search(name) else name


@functools.cache
def of_data_set(name: str) -> tuple[str, ...]:
    """Class names of a data set, one a line of its file; an index that has no class has an empty line.

    Raises:
        UnknownNameError: there is no such data set.
    """
    if name not in data_sets():
        raise UnknownNameError("data set of classes", name, data_sets())
    return tuple((_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def data_sets() -> list[str]:
    """Names of all data sets."""
    return sorted(path.stem for path in _LISTS.glob("*.txt"))
