"""Labels of frames: bounding boxes that people drew, with the names of their classes.

Three formats are read, each from beside the frame: a ``.txt`` of its name in PASCAL Annotation 1.00, as in Penn-Fudan,
an ``.xml`` of its name as in PASCAL VOC, and a ``.json`` of any name in COCO's format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from workbench.errors import CompileError

if TYPE_CHECKING:
    from ipc_ai_serving.models.classes import AnsweredClasses

Boxes = npt.NDArray[np.float32]
"""(N, 4) x_min, y_min, x_max, y_max in pixels of the frame."""

_PASCAL_BOX = re.compile(r'Bounding box for object \S+ ?(?:"(?P<name>[^"]*)")?.*: \((\d+), (\d+)\) - \((\d+), (\d+)\)')
_PASCAL_TITLE = "PASCAL Annotation Version"
_PASCAL_PREFIX = "pas"
_PERSON = "person"


@dataclass(frozen=True)
class Labels:
    """Boxes of a frame and the name of each one's class."""

    boxes: Boxes
    names: tuple[str, ...]

    def of(self, known: Sequence[str]) -> Labels:
        """The labels of known classes, by the names of these; ``Person`` and ``PASpersonWalking`` are ``person``."""
        found = [_known(name, known) for name in self.names]
        kept = [index for index, name in enumerate(found) if name is not None]
        return Labels(self.boxes[kept], tuple(name for name in found if name is not None))


def of(frame: Path) -> Boxes | None:
    """Read the boxes of people in a frame; None where it has no labels.

    In PASCAL Annotation 1.00 all boxes are taken for people, as in Penn-Fudan.

    Raises:
        CompileError: a label file cannot be understood, or has no category for people.
    """
    read = _read(frame, required=_PERSON)
    if read is None:
        return None
    return read.boxes if frame.with_suffix(".txt").is_file() else read.of([_PERSON]).boxes


def are_there(frame: Path) -> bool:
    """Tell whether a frame has labels, of any class.

    Raises:
        CompileError: a label file cannot be understood.
    """
    return _read(frame) is not None


def of_classes(frame: Path, classes: AnsweredClasses) -> Labels | None:
    """Read the boxes of a model's classes in a frame; None where it has no labels.

    For a model that answers people alone, or a target without a name, they are those of :func:`of`.

    Raises:
        CompileError: a label file cannot be understood.
    """
    if not classes.names or classes.known == [_PERSON]:
        boxes = of(frame)
        return None if boxes is None else Labels(boxes, (classes.known[0],) * len(boxes))
    read = _read(frame)
    return None if read is None else read.of(classes.known)


def _known(name: str, known: Sequence[str]) -> str | None:
    """Name of the known class that a label's name stands for."""
    lower = {each.lower(): each for each in known}
    word = name.lower()
    if word in lower or not word.startswith(_PASCAL_PREFIX):
        return lower.get(word)
    rest = word.removeprefix(_PASCAL_PREFIX)
    return lower[max(found, key=len)] if (found := [each for each in lower if each and rest.startswith(each)]) else None


def _read(frame: Path, required: str | None = None) -> Labels | None:
    for read in _FORMATS:
        labels = read(frame, required)
        if labels is not None:
            return labels
    return None


def _labels(rows: Sequence[tuple[str, Sequence[float]]]) -> Labels:
    boxes = np.array([box for _, box in rows], np.float32).reshape(-1, 4)
    return Labels(boxes, tuple(name for name, _ in rows))


def _pascal(frame: Path, required: str | None) -> Labels | None:  # noqa: ARG001 (as of COCO's)
    path = frame.with_suffix(".txt")
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    if _PASCAL_TITLE not in text:
        raise CompileError(f"{path} has no labels in PASCAL's format; write {_PASCAL_TITLE} 1.00, or rename it")
    found = _labels([(name, [float(value) for value in box]) for name, *box in _PASCAL_BOX.findall(text)])
    found.boxes[:, :2] -= 1  # the format counts pixels from 1, and a box includes its last one
    return found


def _voc(frame: Path, required: str | None) -> Labels | None:  # noqa: ARG001 (as of COCO's)
    path = frame.with_suffix(".xml")
    if not path.is_file():
        return None
    try:
        root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 (a file of the operator's own)
        found = _labels([(each.findtext("name", ""), _voc_box(each)) for each in root.iter("object")])
    except (ElementTree.ParseError, ValueError) as error:
        raise CompileError(f"{path} has no labels in PASCAL VOC's format: {error}") from error
    found.boxes[:, :2] -= 1  # as above
    return found


def _voc_box(labelled: ElementTree.Element) -> list[float]:
    return [float(labelled.findtext(f"bndbox/{side}", "")) for side in ("xmin", "ymin", "xmax", "ymax")]


def _coco(frame: Path, required: str | None) -> Labels | None:
    for path in sorted(frame.parent.glob("*.json")):
        document = _document(path)
        if not isinstance(document, dict) or "images" not in document:
            continue  # no labels at all
        try:
            numbers = [image["id"] for image in document["images"] if Path(image["file_name"]).name == frame.name]
            rows = [row for number in numbers for row in _coco_boxes(document, number, required)]
        except (KeyError, TypeError) as error:
            raise CompileError(f"{path} has no labels in COCO's format: {error} is missing") from error
        except ValueError as error:
            raise CompileError(f"{path} has no labels in COCO's format: {error}") from error
        if len(numbers) > 1:
            raise CompileError(f"{path} names {frame.name} twice; put the frames of two folders into two")
        if numbers:
            return _labels(rows)
    return None


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CompileError(f"{path} is not JSON: {error}; write it again, or move it away from the frames") from error


def _coco_boxes(
    document: dict[str, list[dict[str, Any]]], number: object, required: str | None
) -> Iterator[tuple[str, list[float]]]:
    names = {entry["id"]: str(entry["name"]) for entry in document["categories"]}
    if required is not None and required not in names.values():
        raise ValueError(f"it has no category '{required}'")
    for annotation in document["annotations"]:
        if annotation["image_id"] == number and not annotation.get("iscrowd"):
            name, box = names[annotation["category_id"]], annotation["bbox"]
            if len(box) != 4:
                raise ValueError(f"a bbox is {box}, and not left, top, width and height")
            left, top, width, height = (float(value) for value in box)
            yield name, [left, top, left + width, top + height]


_FORMATS: tuple[Callable[[Path, str | None], Labels | None], ...] = (_pascal, _voc, _coco)
