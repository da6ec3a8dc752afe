"""YOLOX of Megvii, as ``tools/export_onnx.py`` writes it: one output (1, cells, 5 + classes) at strides 8, 16 and 32.

Preprocessing: ``yolox/data/data_augment.py``, ``preproc``: BGR of 0 to 255, letterbox at the top left, padding of 114.
"""

from __future__ import annotations

from ipc_ai_catalogue import Model, ModelInput
from workbench.recognition import class_names
from workbench.recognition.graph_facts import GraphFacts, Tensor
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess

_STRIDES = (8, 16, 32)
_BEFORE_CLASSES = 5


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:
    """Guess YOLOX where there is one row for each cell of its three maps."""
    frames = graph.frames
    sides = _fixed_sides(frames)
    if frames is None or sides is None or len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return []
    height, width = sides
    cells = sum((height // stride) * (width // stride) for stride in _STRIDES)
    (rows,) = graph.outputs
    if rows.rank != 3 or rows.shape is None or rows.shape[1] != cells or not isinstance(rows.shape[2], int):
        return []
    count = rows.shape[2] - _BEFORE_CLASSES
    if count < 1:
        return []
    classes, told = class_names.of_count(count, beside, data_sets=("coco",))
    model = Model(
        name="",
        title=f"YOLOX, {height} x {width}",
        role="detector",
        applications=class_names.applications_of(classes),
        engine="onnxruntime",
        head="yolox",
        classes=classes,
        input=ModelInput(
            tensor=frames.name,
            resize="letterbox",
            size=height,
            width=None if width == height else width,
            stride=32,
            max_long_side=max(height, width),
            colour="BGR",
            scale=1.0,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            pad_value=114,
            full_decode=True,
        ),
        files={},
        licence=UNKNOWN_LICENCE,
    )
    shape = f"{rows.name} has {cells} rows, a cell for each step of 8, 16 and 32 pixels, of 5 + {count} values"
    return [Guess(model, (shape, told))]


def _fixed_sides(frames: Tensor | None) -> tuple[int, int] | None:
    """Height and width of the only input, where they are numbers."""
    if frames is None or frames.shape is None or frames.shape[1] != 3:
        return None
    height, width = frames.shape[2:]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None
