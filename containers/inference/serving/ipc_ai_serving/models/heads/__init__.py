"""Heads turn a network's outputs into detections, in pixels of the network input.

Each head is a module named as in the catalogue, with a function
``decode(outputs, model, tensor_shape, wanted, pixel) -> Detections``. ``wanted`` is a mask, (classes,) bool, of the
classes to answer, or None for all: others are dropped before boxes compete. ``pixel`` is the size of a frame's pixel in
network pixels. A function ``check(outputs, model, tensor_shape)`` refuses a network whose outputs the head cannot read.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from ipc_ai_catalogue import Model, nearest
from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.vision.detections import Detections, Wanted


class Decode(Protocol):
    """Decoding function of a head."""

    def __call__(
        self, outputs: Outputs, model: Model, tensor_shape: tuple[int, ...], wanted: Wanted = None, pixel: float = 1.0
    ) -> Detections:
        """Detections in network pixels, best first."""
        ...


def names() -> list[str]:
    """Names of all heads."""
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


def check(name: str, outputs: Outputs, model: Model, tensor_shape: tuple[int, ...]) -> None:
    """Check the outputs of a first run; those of models that the image brings are as they must be.

    Raises:
        ModelLoadError: the head ``name`` cannot read them; the message says what it reads.
    """
    module = importlib.import_module(f"{__name__}.{name}")
    if hasattr(module, "check"):
        module.check(outputs, model, tensor_shape)


def head(name: str) -> Decode:
    """Find the decoding function of the head ``name``.

    Raises:
        ModelLoadError: there is no such head.
    """
    if name not in names():
        raise ModelLoadError(f"unknown head '{name}'{nearest(name, names())}; known: {', '.join(names())}")
    decode: Decode = importlib.import_module(f"{__name__}.{name}").decode
    return decode
