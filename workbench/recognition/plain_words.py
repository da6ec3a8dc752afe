"""A recognised model in plain words, line by line, and as a document."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from ipc_ai_catalogue import Model, ModelInput
from workbench.recognition.recognised import Recognised

_SHOWN_CLASSES = 8
_RESIZED = {
    "stretch": "stretched to {size}",
    "letterbox": "fitted into {size} ({placement}), the rest filled with {pad_value}",
    "centre-crop": "short side to {short}, the middle {size} cut out",
    "short-side": "short side to {short}, the long one at most {max_long_side}, in steps of {stride}",
    "aligned-face": "a face turned and scaled to {size}",
}
_OPEN_LETTERBOX = "fitted into {size}, filled with {pad_value} up to a multiple of {stride} ({placement})"


def lines(one: Recognised) -> list[str]:
    """Lines about a recognised model, in the form of the report of ``package``."""
    model = one.model
    return [
        f"recognised  {model.name}: {model.title}, read by the head {model.head}",
        *(f"because     {clause}" for clause in one.because),
        f"input       {of_input(model.input)}",
        *([f"classes     {of_classes(model)}"] if model.classes else []),
        f"serves      {', '.join(model.applications)}",
    ]


def document(one: Recognised) -> dict[str, Any]:
    """A recognised model for a program."""
    described = dataclasses.asdict(one.model)
    kept = ("name", "title", "role", "head", "applications", "classes", "dimensions", "input", "output")
    return {"file": str(one.graph), **{key: described[key] for key in kept}, "because": list(one.because)}


def tell(found: Sequence[Recognised]) -> None:
    """Print what was recognised, for people, beside what a verb prints."""
    for one in found:
        print("\n".join(lines(one)), file=sys.stderr)


def of_input(spec: ModelInput) -> str:
    """Preprocessing in words."""
    size = f"{spec.columns} x {spec.size}"
    is_open = spec.resize == "letterbox" and not spec.fixed
    resized = (_OPEN_LETTERBOX if is_open else _RESIZED[spec.resize]).format(
        size=size,
        short=spec.crop_from or spec.size,
        placement="in the middle" if spec.placement == "centre" else "at the top left",
        pad_value=spec.pad_value,
        max_long_side=spec.max_long_side,
        stride=spec.stride,
    )
    colours = f"{spec.colour} {_scaled(spec)}, {spec.interpolation}, {spec.layout}"
    return f"{spec.tensor}: {resized}; {colours}"


def of_classes(model: Model) -> str:
    """Number of classes and the first of them."""
    answered = [name for name in model.classes if name]
    more = len(answered) - _SHOWN_CLASSES
    return f"{len(answered)}: {', '.join(answered[:_SHOWN_CLASSES])}{f' and {more} more' if more > 0 else ''}"


def _scaled(spec: ModelInput) -> str:
    scale = "0 to 255" if spec.scale == 1 else "0 to 1" if abs(spec.scale * 255 - 1) < 1e-6 else f"times {spec.scale:g}"
    if set(spec.mean) == {0} and set(spec.std) == {1}:
        return scale
    return f"{scale}, minus {_numbers(spec.mean)}, over {_numbers(spec.std)}"


def _numbers(values: Sequence[float]) -> str:
    return f"{values[0]:g}" if len(set(values)) == 1 else "/".join(f"{value:g}" for value in values)
