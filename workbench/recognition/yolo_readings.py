"""Readings of a YOLO's list of boxes: layout and classes, by the names in metadata or by the shape alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench import serving_program
from workbench.errors import RecognitionError
from workbench.recognition import class_names
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import Beside
from workbench.recognition.ultralytics_metadata import UltralyticsMetadata

_QUERIES = 300  # of RT-DETR
_COCO, _COCO_COUNT = "coco", 80
_POSES: dict[int, tuple[str, ...]] = {51: ("person",), 15: ("face",)}
"""Numbers of 17 or 5 key points with visibility, and the one class of the published networks that have them."""


@dataclass(frozen=True)
class BoxList:
    """The list of boxes of a network, and the size of its input.

    Attributes:
        name: of the output.
        shape: of the output.
        maps: shapes of the outputs beside it.
        height: of the network input in pixels.
        width: of the network input in pixels.
    """

    name: str
    shape: tuple[int, ...]
    maps: tuple[tuple[int, ...], ...]
    height: int
    width: int

    @property
    def extras(self) -> list[int]:
        """Numbers that may follow the scores of a box: none, or the coefficients of as many masks as a map has."""
        return [0, *(shape[1] for shape in self.maps if len(shape) == 4)]

    @property
    def has_a_row_a_cell(self) -> bool:
        """True where rows are as many as cells, and not three times as many, as with anchors."""
        return self.shape[1] in _head().cell_counts(self.height, self.width)

    def layouts(self, classes: int | None, extra: int) -> dict[str, int | None]:
        """Count of classes by the layouts that fit, as the head tells them."""
        fitting: dict[str, int | None] = _head().fitting(
            self.shape, classes=classes, extra=extra, height=self.height, width=self.width
        )
        return fitting


@dataclass(frozen=True)
class Reading:
    """A reading of a list of boxes.

    Attributes:
        layout: as in the head.
        classes: names by the network's index.
        extra: numbers behind the scores of a box that are not read.
        because: the evidence.
    """

    layout: str
    classes: tuple[str, ...]
    extra: int
    because: tuple[str, ...]


def overlap(layout: str) -> float | None:
    """Overlap from which boxes of a layout are suppressed; None where the network does that."""
    limit: float | None = _head().NMS_IOU.get(layout)
    return limit


def _head() -> Any:
    serving_program.make_importable()
    from ipc_ai_serving.models.heads import _yolo_layouts

    return _yolo_layouts


def by_names(boxes: BoxList, told: UltralyticsMetadata) -> list[Reading]:
    """Readings that fit the names in metadata."""
    extras = [told.keypoint_numbers] if told.keypoint_numbers else boxes.extras
    because = (f"its metadata name {_counted(len(told.names))}",)
    return [
        Reading(layout, told.names, extra, (*because, _words(boxes, layout, len(told.names), extra)))
        for extra in extras
        for layout in boxes.layouts(len(told.names), extra)
    ]


def by_shape(boxes: BoxList, graph: GraphFacts, beside: Beside) -> list[Reading]:
    """Readings that fit the shape of a graph without metadata.

    Raises:
        RecognitionError: a file of names beside it fits none.
    """
    found: list[Reading] = []
    errors: list[RecognitionError] = []
    for extra in dict.fromkeys((*boxes.extras, *_POSES)):
        for layout, count in boxes.layouts(None, extra).items():
            if layout == "queries" and boxes.shape[1] != _QUERIES:
                continue
            try:
                found += _reading(boxes, graph, beside, layout, count, extra)
            except RecognitionError as error:
                errors.append(error)
    if errors and not found:
        raise errors[0]
    # A row of 85 numbers has objectness and COCO's 80 classes rather than 81 classes of which no file tells.
    likely = [reading for reading in found if len(reading.classes) == _COCO_COUNT]
    return likely or found


def _reading(
    boxes: BoxList, graph: GraphFacts, beside: Beside, layout: str, count: int | None, extra: int
) -> list[Reading]:
    if extra in _POSES:
        names = _POSES[extra]
        fits = count in (None, len(names))
        because = f"{extra // 3} key points of the one class '{names[0]}' follow"
        return [Reading(layout, names, extra, (_words(boxes, layout, 1, extra), because))] if fits else []
    count = count or len(beside.classes) or _classes_compared(graph) or _COCO_COUNT
    names, told = class_names.of_count(count, beside, data_sets=(_COCO,))
    return [Reading(layout, names, extra, (_words(boxes, layout, count, extra), told))]


def _classes_compared(graph: GraphFacts) -> int | None:
    """Count of classes of which an end-to-end graph takes the most probable one: last side of what it compares."""
    import onnx

    model = onnx.load(str(graph.path), load_external_data=False)
    try:
        inferred = onnx.shape_inference.infer_shapes(model).graph
    except onnx.shape_inference.InferenceError:
        return None
    sides = {each.name: each.type.tensor_type.shape.dim for each in inferred.value_info}
    for node in inferred.node:
        compared = sides.get(node.input[0]) if node.op_type in ("ReduceMax", "ArgMax", "TopK") else None
        if compared is not None and len(compared) == 3 and compared[2].dim_value > 0:
            return int(compared[2].dim_value)
    return None


_ROWS_WORDS = {
    "columns": "a box and {count} for each of {cells} cells",
    "rows": "a box and {count} for each of {cells} cells",
    "objectness": "a box, objectness and {count} for each of {cells} cells or anchors",
    "queries": "a box and {count} for each of {cells} queries",
    "end-to-end": "at most {cells} boxes with score and class, after suppression",
    "batched end-to-end": "boxes with class and score, after suppression",
}


def _words(boxes: BoxList, layout: str, count: int, extra: int) -> str:
    """The reading in words."""
    cells = boxes.shape[2] if layout == "columns" else boxes.shape[1]
    told = _ROWS_WORDS[layout].format(count=_counted(count), cells=cells)
    ignored = f", and {extra} numbers that are not read" if extra else ""
    return f"{boxes.name} {boxes.shape} is {told}{ignored}"


def _counted(classes: int) -> str:
    return "1 class" if classes == 1 else f"{classes} classes"
