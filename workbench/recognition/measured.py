"""Shapes of outputs that a graph does not declare, by a run."""

from __future__ import annotations

import numpy as np

from workbench.errors import RecognitionError
from workbench.recognition.graph_facts import GraphFacts, Side

_FATAL = 4  # ONNX Runtime's level: an error is raised, and not written as well
_TYPES = {"float": np.float32, "float16": np.float16, "double": np.float64, "uint8": np.uint8}


def output_shapes(graph: GraphFacts, *, height: int, width: int) -> list[tuple[int, ...]]:
    """Shapes of the outputs, which are declared, or are those of a run.

    Args:
        graph: a graph whose only input takes frames.
        height: of the frame of the run in pixels.
        width: of the frame of the run in pixels.

    Raises:
        RecognitionError: it does not run.
    """
    declared = [each.shape for each in graph.outputs]
    if all(shape is not None and all(isinstance(side, int) for side in shape) for shape in declared):
        return [tuple(int(side) for side in shape if isinstance(side, int)) for shape in declared if shape is not None]
    import onnxruntime

    (frames,) = graph.inputs
    assert frames.shape is not None
    sides = _sides(frames.shape, height, width)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        session = onnxruntime.InferenceSession(str(graph.path), options, providers=["CPUExecutionProvider"])
        outputs = session.run(None, {frames.name: np.zeros(sides, _TYPES.get(frames.type, np.float32))})
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        raise RecognitionError(f"{graph.path} does not run: {' '.join(str(error).split())[:300]}") from error
    return [np.shape(output) for output in outputs]


def _sides(shape: tuple[Side, ...], height: int, width: int) -> tuple[int, ...]:
    in_rows = shape[-1] == 3 and shape[1] != 3
    sizes = (1, height, width, 3) if in_rows else (1, 3, height, width)
    return tuple(side if isinstance(side, int) else size for side, size in zip(shape, sizes, strict=True))
