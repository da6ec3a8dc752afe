"""YuNet of libfacedetection, told by its twelve outputs ``cls_8`` to ``kps_32``.

Preprocessing: OpenCV ``modules/objdetect/src/face_detect.cpp``: BGR of 0 to 255, padded to a multiple of 32 with zeros.
"""

from __future__ import annotations

from ipc_ai_catalogue import Model, ModelInput
from workbench.recognition.graph_facts import GraphFacts
from workbench.recognition.guess import UNKNOWN_LICENCE, Beside, Guess

_STRIDES = (8, 16, 32)
_OUTPUTS = frozenset(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in _STRIDES)
_SIDE, _LONGEST_SIDE = 640, 1280


def guesses(graph: GraphFacts, beside: Beside) -> list[Guess]:  # noqa: ARG001 (it has one class, which has a name)
    """Guess YuNet where the outputs have its names."""
    frames = graph.frames
    if frames is None or frames.shape is None or {each.name for each in graph.outputs} != _OUTPUTS:
        return []
    height, width = frames.shape[2:]
    fixed = isinstance(height, int) and isinstance(width, int)
    size = height if isinstance(height, int) and fixed else _SIDE
    columns = width if isinstance(width, int) and fixed else size
    model = Model(
        name="",
        title="YuNet face detector with 5 landmarks",
        role="detector",
        applications=("face-detection", "face-comparison"),
        engine="onnxruntime",
        head="yunet",
        input=ModelInput(
            tensor=frames.name,
            resize="letterbox" if fixed else "short-side",
            size=size,
            width=columns if columns != size else None,
            stride=32,
            max_long_side=max(size, columns) if fixed else _LONGEST_SIDE,
            colour="BGR",
            scale=1.0,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            full_decode=True,
        ),
        files={},
        licence=UNKNOWN_LICENCE,
    )
    return [Guess(model, ("its twelve outputs cls_8 to kps_32 are YuNet's",), is_certain=True)]
