"""Heads turn a network's outputs into detections, in pixels of the network input.

Each head is a module named as in the catalogue, with one function
``decode(outputs, model, tensor_shape) -> Detections``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from ipc_ai_catalogue import Model, nearest
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.vision.detections import Detections

Decode = Callable[[Outputs, Model, tuple[int, ...]], Detections]


def names() -> list[str]:
    """Names of all heads."""
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


def head(name: str) -> Decode:
    """Find the decoding function of the head ``name``.

    Raises:
        ModelLoadError: there is no such head.
    """
    if name not in names():
        raise ModelLoadError(f"unknown head '{name}'{nearest(name, names())}; known: {', '.join(names())}")
    decode: Decode = importlib.import_module(f"{__name__}.{name}").decode
    return decode
