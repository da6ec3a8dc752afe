"""SCRFD of InsightFace, told by the shapes of its outputs: a score, a box and perhaps landmarks for each map.

Preprocessing: InsightFace ``python-package/insightface/model_zoo/scrfd.py`` (``forward``, ``detect``): the frame at the
top left of a black square, its sides cut to whole pixels, RGB as (pixel - 127.5) / 128.
"""

from __future__ import annotations

import dataclasses

from ipc_ai_catalogue import FACE_COMPARISON, OBJECT_DETECTION, Model, ModelInput, ModelOutput
from workbench import serving_program
from workbench.errors import RecognitionError
from workbench.recognition import frame_input, measured
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess

_SIDE = 640  # InsightFace's det_size for networks that take any
_COUNTS = (6, 9, 10, 15)
_RANKS = (2, 3, 4)
_MAP_RANK = 4


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:  # noqa: ARG001 (it has one class, which has a name)
    """Guess SCRFD where each output is a score, a box or landmarks of one map."""
    frames = frame_input.of(graph)
    if frames is None or len(graph.outputs) not in _COUNTS:
        return []
    if any(output.rank not in _RANKS for output in graph.outputs):
        return []
    height, width = frames.height or _SIDE, frames.width or _SIDE
    try:
        shapes = measured.output_shapes(graph, height=height, width=width)
    except RecognitionError:
        return []
    levels = _maps(shapes, height, width)
    if not levels:
        return []
    has_landmarks = len(shapes) == 3 * levels
    model = Model(
        name="",
        title=f"SCRFD face detector{' with 5 landmarks' if has_landmarks else ''}, {height} x {width}",
        role="detector",
        applications=("face-detection", *((FACE_COMPARISON,) if has_landmarks else ()), OBJECT_DETECTION),
        engine="onnxruntime",
        head="scrfd",
        classes=("face",),
        input=ModelInput(
            tensor=frames.name,
            resize="letterbox",
            size=height,
            width=None if width == height else width,
            stride=32,
            max_long_side=max(height, width),
            colour="RGB",
            scale=1.0,
            mean=(127.5, 127.5, 127.5),
            std=(128.0, 128.0, 128.0),
            rounding="cut",
            layout=frames.layout,
            full_decode=True,
        ),
        output=ModelOutput(nms_iou=0.4),
        files={},
        licence=UNKNOWN_LICENCE,
    )
    because = (
        f"its {len(shapes)} outputs are scores, boxes {'and landmarks ' if has_landmarks else ''}"
        f"of {levels} maps of {height} x {width} pixels, as SCRFD has them"
    )
    if len(shapes[0]) != _MAP_RANK:
        return [Guess(model, (because,), is_certain=True)]
    logits = dataclasses.replace(model, output=dataclasses.replace(model.output, activation="sigmoid"))
    return [
        Guess(model, (because, "scores are probabilities"), is_certain=True, variant="probabilities"),
        Guess(logits, (because, "scores are logits"), is_certain=True, variant="logits"),
    ]


def _maps(shapes: list[tuple[int, ...]], height: int, width: int) -> int:
    """Count of the maps that the head finds."""
    serving_program.make_importable()
    from ipc_ai_serving.models.heads import scrfd

    return len(scrfd.maps_of(tuple(shapes), height, width))
