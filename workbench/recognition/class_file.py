"""Files of class names: a name a line, a list or mapping in JSON or YAML, or a label map of TensorFlow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from workbench.errors import RecognitionError

_KEYS = ("names", "id2label", "label_names", "categories", "classes", "labels")
_NUMBERED = re.compile(r"(\d+)[\s:,]+(\S.*)")
# https://github.com/tensorflow/models/blob/master/research/object_detection/protos/string_int_label_map.proto
_ITEM = re.compile(r"item\s*\{(.*?)\}", re.DOTALL)
_FIELD = re.compile(r"(id|name|display_name)\s*:\s*(?:\"([^\"]*)\"|'([^']*)'|(\d+))")
_NO_CLASS = frozenset({"__background__", "n/a", "???"})
"""Names that torchvision's and TensorFlow's lists have for an index without a class."""

_MOST = 100_000


def read(path: Path) -> tuple[str, ...]:
    """Read class names by the network's class index; an index without a class has an empty one.

    Raises:
        RecognitionError: the file cannot be read, or has none.
    """
    try:
        names = _read(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is neither text, JSON nor YAML"
        raise RecognitionError(f"cannot read class names from {path}: {said}") from error
    if not any(names):
        raise RecognitionError(
            f"{path} has no class names; write one a line, or a list or {{index: name}} in JSON or YAML"
        )
    return tuple("" if name.lower() in _NO_CLASS else name for name in names)


def of_document(document: Any) -> list[str]:
    """Names in a list or mapping, or below a key such as ``names`` or ``id2label``; none where it has none."""
    if isinstance(document, list):
        if all(isinstance(each, dict) and "name" in each for each in document):
            return _by_index({each.get("id", index): each["name"] for index, each in enumerate(document)})
        return [str(each).strip() for each in document] if all(isinstance(e, str | int) for e in document) else []
    if not isinstance(document, dict):
        return []
    for key in _KEYS:
        if isinstance(document.get(key), list | dict):
            return of_document(document[key])
    return _by_index(document)


def _read(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix in (".yaml", ".yml"):
        return of_document(yaml.safe_load(text))
    if path.suffix == ".pbtxt":
        return _of_label_map(text)
    if text.lstrip()[:1] in ("[", "{"):
        return of_document(json.loads(text))
    return _of_lines(text)


def _of_lines(text: str) -> list[str]:
    """Names of lines, or of numbered lines from 0 on; a blank line between others is an index without a class."""
    lines = [line.strip() for line in text.rstrip().splitlines()]
    numbered = [match for line in lines if line and (match := _NUMBERED.fullmatch(line))]
    numbers = [int(match[1]) for match in numbered]
    if len(numbered) == sum(map(bool, lines)) and numbers[:1] == [0] and numbers == sorted(set(numbers)):
        return _by_index({match[1]: match[2] for match in numbered})
    return lines


def _of_label_map(text: str) -> list[str]:
    names: dict[str, str] = {}
    for item in _ITEM.findall(text):
        fields = {key: double or single or number for key, double, single, number in _FIELD.findall(item)}
        if "id" in fields and (name := fields.get("display_name") or fields.get("name")):
            names[fields["id"]] = name
    return _by_index(names)


def _by_index(names: Mapping[Any, Any]) -> list[str]:
    """Names of ``{index: name}`` or ``{name: index}``, and of Keras' ``{index: [WordNet id, name]}``."""
    try:
        pairs = [(int(index), name[-1] if isinstance(name, list) else name) for index, name in names.items()]
    except (ValueError, TypeError, IndexError):
        try:
            pairs = [(int(index), name) for name, index in names.items()]
        except (ValueError, TypeError):
            return []
    if not pairs or not all(0 <= index < _MOST for index, _ in pairs):
        return []
    by_index = dict(pairs)
    return [str(by_index.get(index, "")).strip() for index in range(max(by_index) + 1)]
