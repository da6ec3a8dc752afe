"""Total accessors of trees: JSON, pairs and XML in one shape, with a bounded word or nothing at each place.

A tree is a dictionary, a list or a value, as JSON gives it. No accessor raises: where something else stands than the
caller expects, it finds nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from camera_push.documents import Element

LONGEST_WORD = 256
"""Characters of a word; a name, a type or a time needs less."""
_MOST_NODES = 2000
"""Values that ``walk`` visits; the largest push known has some hundred."""
_DEEPEST = 40
_LARGEST_NUMBER = 10**20
"""Nanoseconds since 1970 have 19 digits, and no camera counts further."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_PLACEHOLDER = re.compile(r"(?:picture|broken):[0-9,]+")


def of(root: object, depth: int = 0) -> Any:
    """The tree of a document's root: XML becomes dictionaries without its attributes, all else stays.

    Elements of one name under one parent become a list, in their order.
    """
    if not isinstance(root, Element):
        return root
    if not root.children or depth >= _DEEPEST:
        return root.text
    tree: dict[str, Any] = {}
    for child in root.children:
        value = of(child, depth + 1)
        if child.tag not in tree:
            tree[child.tag] = value
        elif isinstance(tree[child.tag], list):
            tree[child.tag].append(value)
        else:
            tree[child.tag] = [tree[child.tag], value]
    return tree


def at(tree: object, path: str) -> Any:
    """The value at a path of keys such as ``Picture/Plate/Channel``; None where there is none.

    Of a list the first dictionary that has the next key counts.
    """
    for key in path.split("/"):
        if isinstance(tree, list):
            tree = next((item for item in tree if isinstance(item, dict) and key in item), None)
        if not isinstance(tree, dict):
            return None
        tree = tree.get(key)
    return tree


def word(value: object, longest: int = LONGEST_WORD) -> str | None:
    """A text, number or boolean as one bounded line without control characters; None for all else and for no text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value) if math.isfinite(value) and abs(value) < _LARGEST_NUMBER else None
    if not isinstance(value, str):
        return None
    text = value[: 4 * longest].strip()
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text).strip()
    return None if _PLACEHOLDER.fullmatch(text) else text[:longest].rstrip() or None


def first(tree: object, *paths: str) -> str | None:
    """The word at the first of the paths that leads to one."""
    return next((found for path in paths if (found := word(at(tree, path))) is not None), None)


def number(value: object) -> int | float | None:
    """A finite number, also where it was written as text; None for all else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if math.isfinite(value) and abs(value) < _LARGEST_NUMBER else None


def dictionaries(value: object) -> list[dict[str, Any]]:
    """The dictionaries of a list, or a dictionary alone; an empty list for all else."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def walk(tree: object) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All values below a tree, each with the keys that lead to it, in their order; of a very large tree, the first."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), tree)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        keys, value = waiting.pop()
        yield keys, value
        if len(keys) >= _DEEPEST:
            continue
        if isinstance(value, dict):
            waiting.extend(((*keys, str(key)), value[key]) for key in reversed(list(value)[:_MOST_NODES]))
        elif isinstance(value, list):
            waiting.extend((keys, item) for item in reversed(value[:_MOST_NODES]))
