"""Detectors that end with their own suppression: torchvision, TensorFlow Object Detection, RT-DETR, MMDeploy.

Sources: ``torchvision/models/detection`` (pixels from 0 to 1, normalised inside, label 0 for the background);
TensorFlow's ``object_detection/exporter_lib_v2.py`` (pixels from 0 to 255, normalised inside, labels from 1 on);
RT-DETR's and D-FINE's ``tools/export_onnx.py`` (pixels from 0 to 1, stretched, ``orig_target_sizes``); MMDetection's
``configs/_base_/datasets/coco_detection.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ipc_ai_catalogue import Model, ModelInput, ModelOutput
from workbench.errors import RecognitionError
from workbench.recognition import class_names, measured
from workbench.recognition.graph_facts import GraphFacts, Tensor
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess
from workbench.recognition.heads import _class_layers
from workbench.recognition.heads._hugging_face import NO_MEAN, NO_STD

_NOT_READ = ("raw", "multiclass", "anchor", "mask", "keypoint", "ind")
_COUNT, _LABELS, _SCORES = "num", ("label", "class", "cls", "categor"), ("score", "conf", "prob")
_SIZES = ("orig_target_sizes", "orig_target_size", "target_sizes", "orig_size")
_OF_TENSORFLOW, _MULTICLASS = "detection_boxes", "detection_multiclass_scores"
_BOX, _BOX_AND_SCORE = 4, 5
_PIXEL = 1 / 255
_LARGEST = 4096
"""Side in pixels up to which frames keep their own size; the graph resizes them itself."""
_SIDE = 640
_UNTOLD = 1000  # names, where nothing tells how many classes there are


@dataclass(frozen=True)
class _Kind:
    """Networks of one exporter.

    Attributes:
        words: kind as written in ``--head boxes:WORDS``; empty where its outputs tell it.
        title: for people.
        because: the evidence.
        output: how its boxes are given.
        input: fields of its preprocessing.
        from_background: True where label 0 is the background.
    """

    words: str
    title: str
    because: str
    output: ModelOutput
    input: dict[str, Any]
    from_background: bool = False


_SHARES = {"scale": _PIXEL, "mean": NO_MEAN, "std": NO_STD, "interpolation": "antialiased-linear"}
_BYTES = {"scale": 1.0, "mean": NO_MEAN, "std": NO_STD}
_TORCHVISION = _Kind(
    "", "torchvision", "boxes (N, 4) with labels and scores without a batch, as torchvision has them", ModelOutput(),
    _SHARES, True,
)  # fmt: skip
_TENSORFLOW = _Kind(
    "",
    "TensorFlow Object Detection",
    "detection_boxes, detection_classes and detection_scores are TensorFlow's Object Detection",
    ModelOutput(boxes="yxyx", normalised=True),
    _BYTES,
    True,
)
_RT_DETR = _Kind("", "RT-DETR", "labels, boxes and scores in pixels of orig_target_sizes", ModelOutput(), _SHARES)
_MMDETECTION = _Kind(
    "",
    "MMDetection",
    "boxes (N, 5) with the score, and labels, are MMDeploy's",
    ModelOutput(),
    {"scale": 1.0, "mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)},
)
_UNTOLD_KINDS = (
    _Kind("pixels", "boxes in pixels", "boxes may be in pixels", ModelOutput(), _SHARES),
    _Kind("shares", "boxes as shares", "boxes may be shares of the frame", ModelOutput(normalised=True), _SHARES),
)


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:
    """Guess a detector with its own suppression where there are boxes, labels and scores of as many rows."""
    graph = _with_shapes(graph)
    frames = _frames(graph)
    boxes = _boxes(graph)
    if frames is None or boxes is None or not _has_rows(graph, boxes):
        return []
    others = [each.name for each in graph.inputs if each is not frames]
    with_sizes = len(others) == 1 and others[0] in _SIZES
    if others and not with_sizes:
        return []
    if with_sizes:
        kinds: tuple[_Kind, ...] = (_RT_DETR,)
    elif any(_plain(each.name) == _OF_TENSORFLOW for each in graph.outputs):
        kinds = (_TENSORFLOW,)
    elif boxes.shape and boxes.shape[-1] == _BOX_AND_SCORE:
        kinds = (_MMDETECTION,)
    else:
        kinds = (_TORCHVISION,) if boxes.rank == 2 else _UNTOLD_KINDS
    also = {others[0]: "network-size"} if with_sizes else {}
    certain = len(kinds) == 1
    return class_names.with_file([_guess(kind, graph, frames, also, beside, certain) for kind in kinds], beside)


def _guess(
    kind: _Kind, graph: GraphFacts, frames: Tensor, also: dict[str, str], beside: Beside, is_certain: bool
) -> Guess:
    model_input, sides = _input(kind, frames, also)
    classes, told = _classes(kind, graph, beside)
    model = Model(
        name="",
        title=f"{kind.title} detector",
        role="detector",
        applications=class_names.applications_of(classes),
        engine="onnxruntime",
        head="boxes",
        classes=classes,
        output=kind.output,
        input=model_input,
        files={},
        licence=UNKNOWN_LICENCE,
    )
    return Guess(model, (kind.because, told, sides), is_certain, kind.words)


def _input(kind: _Kind, frames: Tensor, also: dict[str, str]) -> tuple[ModelInput, str]:
    sides = (frames.shape or ())[-3:]
    last = sides[2] == 3 and sides[0] != 3
    height, width = (sides[0], sides[1]) if last else (sides[1], sides[2])
    model = ModelInput(
        tensor=frames.name,
        resize="short-side",
        size=_LARGEST,
        stride=1,
        max_long_side=_LARGEST,
        colour="RGB",
        enlarge=False,
        layout="NHWC" if last else "NCHW",
        full_decode=True,
        also=also,
        **(kind.input | (_BYTES if frames.type == "uint8" else {})),
    )
    if isinstance(height, int) and isinstance(width, int):
        pass
    elif kind in (_TORCHVISION, _TENSORFLOW):
        return model, "frames keep their size up to 4096 pixels a side, since the graph resizes them"
    elif kind is _MMDETECTION:
        return replace(model, size=800, max_long_side=1333, stride=32, enlarge=True), "short side 800, long side 1333"
    else:
        height, width = _SIDE, _SIDE
    side = None if width == height else width
    stretched = replace(
        model, resize="stretch", size=height, width=side, max_long_side=max(height, width), enlarge=True
    )
    return stretched, f"stretched to {width} x {height} pixels"


def _classes(kind: _Kind, graph: GraphFacts, beside: Beside) -> tuple[tuple[str, ...], str]:
    """Names by label that the number of classes tells, and their evidence.

    Where nothing tells the number, it is that of a file of names, which may leave out the background.
    """
    count = _count(kind, graph)
    if count is None and beside.classes:
        without = kind.from_background and bool(beside.classes[0])
        names = ("", *beside.classes) if without else beside.classes
        return names, f"nothing but {beside.classes_from} tells how many classes it has"
    if count is None:
        names = tuple(f"class {label}" for label in range(_UNTOLD))
        told = "nothing tells how many classes it has; --classes FILE gives names"
    else:
        names, told = class_names.of_count(count, Beside(), data_sets=("coco", "coco-91"))
    return (("", *names[1:]) if kind.from_background else names), told


def _count(kind: _Kind, graph: GraphFacts) -> int | None:
    """Number of labels, with the background where it is one."""
    for each in graph.outputs:
        if _plain(each.name) == _MULTICLASS and each.shape and isinstance(each.shape[-1], int):
            return each.shape[-1]
    found = _class_layers.count(graph.path)
    # TensorFlow's EfficientDet has no score of the background, and its labels are from 1 on all the same.
    return 91 if kind is _TENSORFLOW and found == 90 else found


def _frames(graph: GraphFacts) -> Tensor | None:
    """The input of frames: of four sides, or of three where it takes one frame without a batch."""
    if graph.frames is not None:
        return graph.frames
    alone = [each for each in graph.inputs if each.shape and len(each.shape) == 3 and each.shape[0] == 3]
    return alone[0] if len(alone) == 1 and len(graph.inputs) == 1 else None


def _with_shapes(graph: GraphFacts) -> GraphFacts:
    """Add shapes that TensorFlow's exports do not declare, by a run."""
    untold = any(each.rank is None for each in graph.outputs)
    if not untold or len(graph.inputs) != 1 or not any(_has(each.name, ("box",)) for each in graph.outputs):
        return graph
    try:
        shapes = measured.output_shapes(graph, height=_SIDE, width=_SIDE)
    except RecognitionError:
        return graph
    outputs = [replace(each, shape=shape) for each, shape in zip(graph.outputs, shapes, strict=True)]
    return replace(graph, outputs=tuple(outputs))


def _boxes(graph: GraphFacts) -> Tensor | None:
    """The output of boxes, of four numbers, or of five with the score."""
    found = [
        each
        for each in graph.outputs
        if each.rank in (2, 3)
        and each.shape
        and not _has(each.name, _NOT_READ)
        and (
            each.shape[-1] in (_BOX, _BOX_AND_SCORE)
            or (not isinstance(each.shape[-1], int) and _has(each.name, ("box", "dets")))
        )
    ]
    batched = [each for each in found if each.rank == 3] or found
    named = [each for each in batched if _has(each.name, ("box", "dets"))] if len(batched) > 1 else batched
    return named[0] if len(named) == 1 else None


def _has_rows(graph: GraphFacts, boxes: Tensor) -> bool:
    """Tell whether labels, and scores where boxes have none, are there for each box."""
    rank = 1 if boxes.rank == 2 else 2
    rows = [
        each
        for each in graph.outputs
        if each is not boxes and each.rank == rank and not _has(each.name, (*_NOT_READ, _COUNT))
    ]
    whole = [each for each in rows if each.type.startswith(("int", "uint"))]
    labels = whole or [each for each in rows if _has(each.name, _LABELS)]
    with_scores = boxes.shape is not None and boxes.shape[-1] == _BOX_AND_SCORE
    return bool(labels) and (with_scores or len(rows) >= 2)


def _plain(name: str) -> str:
    return name.split(":")[0].rsplit("/", 1)[-1].lower()


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)
