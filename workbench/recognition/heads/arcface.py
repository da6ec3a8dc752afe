"""ArcFace and its kin: embedders of aligned faces of 112 x 112 pixels, told by their input and their one vector.

Preprocessing: InsightFace ``python-package/insightface/model_zoo/arcface_onnx.py``: RGB as (pixel - 127.5) / 127.5, or
as it is where the graph begins by subtracting and multiplying, as those from MXNet do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ipc_ai_catalogue import EMBEDDER, Model, ModelInput
from workbench.errors import RecognitionError
from workbench.recognition import frame_input, measured
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess

_SIDE = 112
_FEWEST, _MOST = 64, 1024
_RANK = 2
_PASSING = ("Identity", "Cast", "Transpose")
_OFFSETS, _FACTORS = ("Sub", "Add"), ("Mul", "Div")


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:
    """Guess an embedder where a square of 112 pixels becomes one vector of 64 to 1024 numbers."""
    frames = frame_input.of(graph)
    if frames is None or (frames.height, frames.width) != (_SIDE, _SIDE) or len(graph.outputs) != 1:
        return []
    if graph.outputs[0].rank != _RANK:
        return []
    try:
        (shape,) = measured.output_shapes(graph, height=_SIDE, width=_SIDE)
    except RecognitionError:
        return []
    dimensions = shape[-1]
    if len(shape) != _RANK or not _FEWEST <= dimensions <= _MOST:
        return []
    normalises = _normalises(graph)
    mean, deviation = (0.0, 1.0) if normalises else (127.5, 127.5)
    model = Model(
        name="",
        title=f"ArcFace embedder of {dimensions} numbers",
        role=EMBEDDER,
        applications=("face-comparison",),
        engine="onnxruntime",
        head="arcface",
        dimensions=dimensions,
        input=ModelInput(
            tensor=frames.name,
            resize="aligned-face",
            size=_SIDE,
            stride=1,
            max_long_side=_SIDE,
            colour="RGB",
            scale=1.0,
            mean=(mean, mean, mean),
            std=(deviation, deviation, deviation),
            layout=frames.layout,
            full_decode=True,
        ),
        files={},
        licence=UNKNOWN_LICENCE,
    )
    classifies = len(beside.classes) == dimensions or "Softmax" in graph.operators or bool(beside.config)
    because = (
        f"a face of {_SIDE} x {_SIDE} pixels becomes {dimensions} numbers",
        "the graph normalises the face itself"
        if normalises
        else "the face is RGB from -1 to 1, as InsightFace feeds it",
    )
    return [Guess(model, because, is_certain=not classifies)]


def _normalises(graph: GraphFacts) -> bool:
    """Tell whether the first computations subtract one number from all pixels and multiply them by another."""
    import onnx

    model = onnx.load(str(graph.path), load_external_data=False).graph
    numbers = {each.name for each in model.initializer if int(np.prod(each.dims)) in (1, 3)}
    numbers |= {node.output[0] for node in model.node if node.op_type == "Constant"}
    name, done = graph.inputs[0].name, set()
    while (node := _only_reader(model.node, name)) is not None:
        if node.op_type in (*_OFFSETS, *_FACTORS) and set(node.input) - {name} <= numbers:
            done.add(node.op_type in _OFFSETS)
        elif node.op_type not in _PASSING:
            break
        name = node.output[0]
    return done == {True, False}


def _only_reader(nodes: Any, name: str) -> Any:
    readers = [node for node in nodes if name in node.input]
    return readers[0] if len(readers) == 1 else None
