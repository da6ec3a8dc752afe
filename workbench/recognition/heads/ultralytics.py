"""YOLO of Ultralytics and its kin, told by metadata and by the shape of the list of boxes.

Preprocessing: Ultralytics ``data/augment.py`` (``LetterBox``) and ``engine/predictor.py``: the frame in the middle of a
letterbox, padding of 114, RGB from 0 to 1. Only where height and width of the network may change is it padded to
multiples of the stride alone, and RT-DETR stretches (``models/rtdetr/predict.py``). YOLOv5's ``detect.py`` pads any
export to the whole size. YOLOX that decodes in the network has its own (``yolox/data/data_augment.py``, ``preproc``).
"""

from __future__ import annotations

import dataclasses

from ipc_ai_catalogue import Model, ModelInput, ModelOutput
from workbench.errors import RecognitionError
from workbench.recognition import class_names, frame_input, measured, ultralytics_metadata, yolo_readings
from workbench.recognition.frame_input import FrameInput
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess
from workbench.recognition.ultralytics_metadata import UltralyticsMetadata
from workbench.recognition.yolo_readings import BoxList, Reading

_SIDE, _STRIDE = 640, 32
_TASKS = ("detect", "segment", "pose")
_ROTATED = "obb"
_RAW_RANK, _ANCHORS = 5, 3
_AS_YOLO = "RGB from 0 to 1 in a letterbox, as YOLO takes them"
_ATTENTION = "GridSample"  # of RT-DETR
_PLAIN = ("columns", "rows", "objectness")


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:
    """Guess YOLO where metadata say so, or where a list of boxes has as many rows as the network has cells.

    Raises:
        RecognitionError: metadata say that it is a YOLO, and the graph is none that can be served.
    """
    frames, told = frame_input.of(graph), ultralytics_metadata.read(graph)
    if told is not None and told.task not in _TASKS:
        if told.task == _ROTATED:
            raise _refusal(graph, "finds rotated boxes (Ultralytics' task obb)", "export a network of the task detect")
        return []
    if _has_raw_maps(graph):
        raise _refusal(graph, "answers raw maps of YOLO", "export it with its last layer (YOLOv7: with --grid)")
    if frames is None:
        if told is not None and told.by_ultralytics:
            raise _refusal(graph, "takes no frames of three colours", "train it on colour pictures")
        return []
    boxes = _box_list(graph, frames, told)
    if boxes is None:
        return []
    if told is None:
        readings = yolo_readings.by_shape(boxes, graph, beside)
        return [guess for reading in readings for guess in _without_metadata(graph, frames, boxes, reading)]
    readings = yolo_readings.by_names(boxes, told)
    if not readings:
        raise RecognitionError(
            f"{graph.path} names {len(told.names)} classes in its metadata, which do not fit its output {boxes.shape} "
            f"for {boxes.height} x {boxes.width} pixels; export it again"
        )
    return [_with_metadata(frames, boxes, reading, told) for reading in readings]


def _refusal(graph: GraphFacts, fault: str, remedy: str) -> RecognitionError:
    return RecognitionError(f"{graph.path} {fault}, which no head reads; {remedy}")


def _has_raw_maps(graph: GraphFacts) -> bool:
    """Tell whether there are only maps (1, anchors, rows, columns, 5 + classes), as YOLOv7 has without ``--grid``."""
    return all(output.rank == _RAW_RANK and output.shape and output.shape[1] == _ANCHORS for output in graph.outputs)


def _box_list(graph: GraphFacts, frames: FrameInput, told: UltralyticsMetadata | None) -> BoxList | None:
    """The only output that is a list, where all others are maps."""
    ranks = (2, 3) if "NonMaxSuppression" in graph.operators else (3,)  # rows of YOLOv7, which has it in the graph
    lists = [index for index, output in enumerate(graph.outputs) if output.rank in ranks]
    if len(lists) != 1:
        return None
    exported = (told.height, told.width) if told else (None, None)
    height, width = frames.height or exported[0] or _SIDE, frames.width or exported[1] or _SIDE
    try:
        shapes = measured.output_shapes(graph, height=height, width=width)
    except RecognitionError:
        if told is not None:
            raise
        return None
    (index,) = lists
    if frames.batch is not None:  # the container answers the first of several
        shapes = [(1, *shape[1:]) if shape[0] == frames.batch and len(shape) > 2 else shape for shape in shapes]
    maps = tuple(shape for number, shape in enumerate(shapes) if number != index)
    return BoxList(graph.outputs[index].name, shapes[index], maps, height, width)


def _with_metadata(frames: FrameInput, boxes: BoxList, reading: Reading, told: UltralyticsMetadata) -> Guess:
    transformer = (
        told.head.startswith("RTDETR") or "rtdetr" in told.title.lower().replace("-", "") or reading.layout == "queries"
    )
    model = _model(frames, boxes, reading, title=told.title or "YOLOv5", stride=told.stride)
    if told.licence is not None:
        model = dataclasses.replace(model, licence=told.licence)
    if transformer:
        model = _as_transformer(model)
    elif told.by_ultralytics and (frames.height is None or frames.width is None):
        model = _of_any_size(model)
    by = "Ultralytics'" if told.by_ultralytics else "YOLOv5's"
    because = f"its metadata are {by}{f' ({told.title}, task {told.task})' if told.title else ''}"
    return Guess(model, (because, *reading.because, *_about_batch(frames)), is_certain=True)


def _about_batch(frames: FrameInput) -> list[str]:
    times = frames.batch or 1
    if times == 1:
        return []
    told = f"it was exported for {times} frames at a time, so each frame is computed {times} times"
    return [f"{told}; export it with a batch of 1"]


def _without_metadata(graph: GraphFacts, frames: FrameInput, boxes: BoxList, reading: Reading) -> list[Guess]:
    """Guesses of which a trial leaves those whose boxes have the right unit."""
    model = _model(frames, boxes, reading, title="YOLO", stride=_STRIDE)
    if reading.layout != "objectness" and (frames.height is None or frames.width is None):
        model = _of_any_size(model)
    reading = dataclasses.replace(reading, because=(*reading.because, *_about_batch(frames)))
    if reading.layout in ("queries", "end-to-end") and _ATTENTION in graph.operators:
        because = (*reading.because, "boxes are shares of a stretched frame, as RT-DETR has them")
        return [Guess(_as_transformer(model), because, variant="rtdetr")]
    if reading.layout == "queries":
        return []
    if reading.layout not in _PLAIN:
        return [Guess(model, (*reading.because, _AS_YOLO), variant=reading.layout.replace(" ", "-"))]
    in_pixels = Guess(model, (*reading.because, _AS_YOLO), variant=reading.layout)
    if _is_yolox(graph, boxes, reading):
        because = (*reading.because, "slices of the frame are YOLOX's, which decodes in the network")
        in_pixels = Guess(_as_yolox(model), because, variant="yolox")
    shares = dataclasses.replace(model, output=dataclasses.replace(model.output, normalised=True))
    return [in_pixels, Guess(shares, (*reading.because, "boxes are shares of the input"), variant="shares")]


def _is_yolox(graph: GraphFacts, boxes: BoxList, reading: Reading) -> bool:
    """YOLOX slices the frame at its beginning, has one anchor a cell, and names its output ``output``."""
    sliced = boxes.name == "output" and "Slice" in graph.operators
    return sliced and reading.layout == "objectness" and boxes.has_a_row_a_cell


def _of_any_size(model: Model) -> Model:
    return dataclasses.replace(model, input=dataclasses.replace(model.input, fixed=False))


def _as_transformer(model: Model) -> Model:
    given = dataclasses.replace(model.input, resize="stretch", placement="top-left", pad_value=0, fixed=True)
    output = dataclasses.replace(model.output, boxes="cxcywh", normalised=True, nms_iou=None)
    return dataclasses.replace(model, input=given, output=output)


def _as_yolox(model: Model) -> Model:
    given = dataclasses.replace(model.input, placement="top-left", colour="BGR", scale=1.0)
    return dataclasses.replace(model, input=given)


def _model(frames: FrameInput, boxes: BoxList, reading: Reading, *, title: str, stride: int) -> Model:
    height, width = boxes.height, boxes.width
    return Model(
        name="",
        title=f"{title}, {height} x {width}",
        role="detector",
        applications=class_names.applications_of(reading.classes),
        engine="onnxruntime",
        head="ultralytics",
        classes=reading.classes,
        input=ModelInput(
            tensor=frames.name,
            resize="letterbox",
            size=height,
            width=None if width == height else width,
            stride=stride,
            max_long_side=max(height, width),
            colour="RGB",
            scale=1 / 255,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            pad_value=114,
            placement="centre",
            rounding="exact" if reading.layout == "objectness" else "nearest",
            layout=frames.layout,
            full_decode=True,
        ),
        output=ModelOutput(
            boxes="cxcywh" if reading.layout in _PLAIN else "xyxy",
            nms_iou=yolo_readings.overlap(reading.layout),
            extra=reading.extra,
        ),
        files={},
        licence=UNKNOWN_LICENCE,
    )
