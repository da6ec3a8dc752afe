"""What each step of making it fast is worth: both ways of doing it, in turns.

A step of a few lines is measured in this process, with what the serving program does for a whole process done before
(:mod:`workbench.speed.steps.ways`). A step of the whole program is measured on two servers, of which one does without
it (:mod:`workbench.speed.steps.variant`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from workbench.speed.figures import Figure
from workbench.speed.material import Material
from workbench.speed.side_by_side import Effort
from workbench.speed.steps import boxes, pictures, program, reading

STEPS: Mapping[str, Callable[[Material, Effort], list[Figure]]] = {
    "body": reading.body,
    "base64": reading.base64_text,
    "image-in-json": reading.image_in_json,
    "reduced-decoding": pictures.reduced_decoding,
    "scans": pictures.scans,
    "boxes": boxes.above_the_floor,
    **{name: functools.partial(program.without, name) for name in program.VARIANTS},
    "workers": program.workers,
    "heavy-workers": program.heavy_workers,
}
"""Each measures and returns its lines of the table."""

__all__ = ["STEPS"]
