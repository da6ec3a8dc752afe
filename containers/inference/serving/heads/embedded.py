"""Embedded detectors answer in boxes and scores already."""

from __future__ import annotations

from catalogue import Model
from serving.detections import Detections
from serving.engines import Outputs


def decode(outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> Detections:
    """``boxes`` (N, 4) and ``scores`` (N,), best first, at most 100."""
    return Detections(outputs["boxes"], outputs["scores"]).best()
