"""Labels of frames: bounding boxes that people drew.

Two formats are read, each from beside the frame: a ``.txt`` of its name in PASCAL Annotation 1.00, as in Penn-Fudan,
and a ``.json`` of any name in COCO's format. In the latter only the category ``person`` counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import CompileError

Boxes = npt.NDArray[np.float32]
"""(N, 4) x_min, y_min, x_max, y_max in pixels of the frame."""

_PASCAL_BOX = re.compile(r"Bounding box for object .*: \((\d+), (\d+)\) - \((\d+), (\d+)\)")
_PASCAL_TITLE = "PASCAL Annotation Version"
_COCO_CATEGORY = "person"


def of(frame: Path) -> Boxes | None:
    """Read the boxes of a frame; None where it has no labels.

    Raises:
        CompileError: a label file cannot be understood.
    """
    for read in _FORMATS:
        boxes = read(frame)
        if boxes is not None:
            return boxes
    return None


def _pascal(frame: Path) -> Boxes | None:
    path = frame.with_suffix(".txt")
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    if _PASCAL_TITLE not in text:
        raise CompileError(f"{path} has no labels in PASCAL's format; write {_PASCAL_TITLE} 1.00, or rename it")
    found = [[float(value) for value in match] for match in _PASCAL_BOX.findall(text)]
    boxes = np.array(found, np.float32).reshape(-1, 4)
    boxes[:, :2] -= 1  # the format counts pixels from 1, and a box includes its last one
    return boxes


def _coco(frame: Path) -> Boxes | None:
    for path in sorted(frame.parent.glob("*.json")):
        document = _document(path)
        if not isinstance(document, dict) or "images" not in document:
            continue  # no labels at all
        try:
            numbers = [image["id"] for image in document["images"] if Path(image["file_name"]).name == frame.name]
            boxes = [box for number in numbers for box in _coco_boxes(document, number)]
        except (KeyError, TypeError) as error:
            raise CompileError(f"{path} has no labels in COCO's format: {error} is missing") from error
        except ValueError as error:
            raise CompileError(f"{path} has no labels in COCO's format: {error}") from error
        if len(numbers) > 1:
            raise CompileError(f"{path} names {frame.name} twice; put the frames of two folders into two")
        if numbers:
            return np.array(boxes, np.float32).reshape(-1, 4)
    return None


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CompileError(f"{path} is not JSON: {error}; write it again, or move it away from the frames") from error


def _coco_boxes(document: dict[str, list[dict[str, Any]]], number: object) -> Iterator[list[float]]:
    people = {entry["id"] for entry in document["categories"] if entry["name"] == _COCO_CATEGORY}
    if not people:
        raise ValueError(f"it has no category '{_COCO_CATEGORY}'")
    for annotation in document["annotations"]:
        if annotation["image_id"] == number and annotation["category_id"] in people and not annotation.get("iscrowd"):
            box = annotation["bbox"]
            if len(box) != 4:
                raise ValueError(f"a bbox is {box}, and not left, top, width and height")
            left, top, width, height = (float(value) for value in box)
            yield [left, top, left + width, top + height]


_FORMATS: tuple[Callable[[Path], Boxes | None], ...] = (_pascal, _coco)
