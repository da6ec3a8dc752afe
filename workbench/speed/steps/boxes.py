"""From a network's output to boxes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model
from workbench.speed.figures import Figure
from workbench.speed.material import Material
from workbench.speed.side_by_side import Effort
from workbench.speed.steps import ways

if TYPE_CHECKING:
    from ipc_ai_serving.engines import Outputs
    from ipc_ai_serving.vision.detections import Detections

_APPLICATION = "body-detection"
_STRIDES, _IOU = (8, 16, 32), 0.45  # as serving/heads/yolox.py has them


def above_the_floor(found: Material, effort: Effort) -> list[Figure]:
    """yolox_nano's boxes of the small frame, decoded only above the score floor, beside decoding all."""
    folder = found.yolox()
    if folder is None:
        return []
    ways.as_when_serving()
    from ipc_ai_serving import engines, images
    from ipc_ai_serving.models import model_folder
    from ipc_ai_serving.models.heads import yolox
    from ipc_ai_serving.vision.preprocessing import network_input

    described = model_folder.find(
        folder.name, _APPLICATION, model_dir=folder, model_store=folder.parent, catalogue=catalogue.load()
    )
    model = described.model
    frame = images.decode(found.street(), max_pixels=64_000_000)
    tensor = network_input(frame, model.input).tensor
    outputs = engines.load(model, described.files, 1).run(tensor)
    return [
        ways.compare(
            f"boxes of {folder.name} decoded above the score floor / all of them",
            functools.partial(yolox.decode, outputs, model, tensor.shape),
            functools.partial(_all_decoded, outputs, model, tensor.shape),
            effort,
            same=_same_boxes,
        )
    ]


def _all_decoded(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> Detections:
    """As ``yolox.decode``; boxes below the floor are dropped when there are boxes."""
    from ipc_ai_serving.models.heads._grid import cells
    from ipc_ai_serving.models.heads._suppression import suppress
    from ipc_ai_serving.vision.detections import Detections

    (rows,) = (output[0] for output in outputs.values())
    corners, strides = cells(tensor_shape[2], tensor_shape[3], _STRIDES)
    centres = (rows[:, 0:2] + corners) * strides
    half = np.exp(rows[:, 2:4]) * strides / 2
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    return suppress(Detections(boxes, rows[:, 4] * rows[:, 5 + model.target_class]), iou=_IOU)


def _same_boxes(ours: Detections, theirs: Detections) -> bool:
    both = (ours.boxes, theirs.boxes), (ours.scores, theirs.scores)
    return all(mine.shape == other.shape and np.allclose(mine, other, atol=1e-3) for mine, other in both)
