"""Embedded detectors, whose outputs are boxes and scores already."""

from __future__ import annotations

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.vision.detections import Detections, Wanted


def decode(
    outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
) -> Detections:
    """Sort ``boxes`` (N, 4), ``scores`` (N,) and, if any, ``landmarks`` (N, 5, 2) best first and keep at most 100."""
    return Detections(outputs["boxes"], outputs["scores"], outputs.get("landmarks")).best()
