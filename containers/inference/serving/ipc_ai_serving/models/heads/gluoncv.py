"""GluonCV's detector contract: non-maximum suppression is part of the network.

Three outputs in this order: class ids (1, N, 1), scores (1, N, 1), boxes (1, N, 4) as x_min, y_min,
x_max, y_max in network pixels; unused rows hold -1.
"""

from __future__ import annotations

import numpy as np

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.vision.detections import SCORE_FLOOR, Detections, Wanted

_READS = (
    "three outputs of GluonCV with its own non-maximum suppression: class ids (1, N, 1), scores (1, N, 1) from 0 to 1, "
    "boxes (1, N, 4), and -1 in unused rows"
)


def check(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs for a frame.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head="gluoncv", reads=_READS)
    _, scores, boxes = network.in_order((1, None, 1), (1, None, 1), (1, None, 4))
    if len(scores) != len(boxes):
        raise network.refuse(f"there are {len(scores)} scores and {len(boxes)} boxes")
    network.check_probabilities(scores[scores != -1], "a score")


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Keep the used rows, best first, at most 100."""
    _, scores, boxes = (output[0] for output in outputs.values())
    used = np.flatnonzero((scores[:, 0] >= SCORE_FLOOR) & np.isfinite(boxes).all(axis=1))
    return Detections(boxes, scores[:, 0]).take(used).best()
