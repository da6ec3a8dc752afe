"""Fixed input shape for which Neo compiles a network, and the resizing of frames to it."""

from __future__ import annotations

from dataclasses import replace

from ipc_ai_catalogue import Model, ModelInput
from workbench.compilers.neo.source import Declared
from workbench.errors import NeoError

Shape = tuple[int, int, int, int]
"""(batch, channels, height, width)."""
_DEFAULT_NAME = "data"
_FIXED_SIDES = ("letterbox", "aligned-face")


def chosen(given: str | None, *, model: Model | None, declared: Declared) -> tuple[str, Shape]:
    """Choose name and shape of the input.

    Args:
        given: the operator's text, ``1,3,416,416`` or ``NAME=1,3,416,416``, or None.
        model: the model's description.
        declared: inputs and outputs that its files declare.

    Raises:
        NeoError: the shape is unknown, or no frame would be resized to it.
    """
    named, _, sides = (given or "").rpartition("=")
    name = named or (model.input.tensor if model else declared.input_name or _DEFAULT_NAME)
    shape = _read(sides) if sides else _usual(model)
    for side, fixed in zip(shape, declared.input_shape, strict=False):
        if fixed not in (None, side):
            wanted = ",".join(str(each or "?") for each in declared.input_shape)
            raise NeoError(f"the graph takes {wanted} and nothing else; leave --input-shape out, or give that")
    if model:
        _require_fit(model.input, shape)
    return name, shape


def fitted(spec: ModelInput, shape: Shape) -> ModelInput:
    """Input of the model for a fixed shape: a square fits every frame, another shape only those wider than high."""
    height, width = shape[2:]
    resize = "letterbox" if spec.resize == "short-side" and height == width else spec.resize
    return replace(spec, resize=resize, size=height, max_long_side=width)


def _read(sides: str) -> Shape:
    try:
        batch, channels, height, width = (int(side) for side in sides.split(","))
    except ValueError as error:
        raise NeoError(
            f"'{sides}' is no input shape; write batch, channels, height and width, as 1,3,416,416"
        ) from error
    if min(batch, channels, height, width) < 1:
        raise NeoError(f"'{sides}' has a side below 1; write for example 1,3,416,416")
    return batch, channels, height, width


def _usual(model: Model | None) -> Shape:
    if model is None:
        raise NeoError("without a model.json the input is not known; give it with --input-shape, as data=1,3,416,416")
    if model.input.resize in _FIXED_SIDES:
        return 1, 3, model.input.size, model.input.size
    raise NeoError(
        f"{model.name} takes frames of any shape, and Neo compiles for one; give --input-shape, "
        f"1,3,{model.input.size},{model.input.size} for example"
    )


def _require_fit(spec: ModelInput, shape: Shape) -> None:
    _, channels, height, width = shape
    if channels != 3:
        raise NeoError("frames have three channels; write the input shape as 1,3,HEIGHT,WIDTH")
    if height % spec.stride or width % spec.stride:
        raise NeoError(
            f"height and width of the input shape have to be multiples of {spec.stride}, the network's stride"
        )
    if spec.resize in _FIXED_SIDES and height != width:
        raise NeoError("this model takes squares; give an input shape with height and width the same")
    if spec.resize == "aligned-face" and height != spec.size:
        raise NeoError(f"faces are aligned to {spec.size} x {spec.size}; leave --input-shape out")
    if height > width:
        raise NeoError("frames are wider than high; give an input shape that is, or a square, in which both fit")
