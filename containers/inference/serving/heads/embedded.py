"""Embedded detectors answer in boxes and scores already."""

from __future__ import annotations

from catalogue import Model
from serving.detections import Detections
from serving.engines import Outputs


def decode(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> Detections:
    """``boxes`` (N, 4), ``scores`` (N,) and perhaps ``landmarks`` (N, 5, 2), best first, at most 100."""
    return Detections(outputs["boxes"], outputs["scores"], outputs.get("landmarks")).best()
