"""From an image's bytes to its pixels."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.speed.figures import Figure
from workbench.speed.material import Material
from workbench.speed.side_by_side import Effort
from workbench.speed.steps import ways

_START_OF_SCAN = b"\xff\xda"  # ITU-T T.81, table B.1
_REDUCTIONS = {2: "half", 4: "a quarter"}
_MOST_DIFFERENT = 8.0
"""Levels of 255 by which a picture decoded with less detail differs on average from the whole one made smaller."""


def reduced_decoding(found: Material, effort: Effort) -> list[Figure]:
    """A large JPEG decoded with less detail, beside decoding all of it."""
    ways.as_when_serving()
    from ipc_ai_serving import images
    from ipc_ai_serving.decoding.image_headers import read_size

    frame = found.large()
    size = read_size(frame)
    limit = size.width * size.height
    whole = functools.partial(images.decode, frame, max_pixels=limit)

    def decoded(reduction: int) -> npt.NDArray[np.uint8]:
        needed = size.width // reduction, size.height // reduction
        return images.decode_for(frame, max_pixels=limit, needed=lambda *_: needed)[0]

    return [
        ways.compare(
            f"JPEG of {len(frame) / 1e6:.1f} MB decoded at {name} of its size / whole",
            functools.partial(decoded, reduction),
            whole,
            effort,
            same=_look_alike,
        )
        for reduction, name in _REDUCTIONS.items()
    ]


def scans(found: Material, effort: Effort) -> list[Figure]:
    """The header of a large JPEG, behind which markers are counted, beside looking for them one after the other."""
    ways.as_when_serving()
    from ipc_ai_serving.decoding.image_headers import read_size

    frame = found.large()
    return [
        ways.compare(
            f"markers in a JPEG of {len(frame) / 1e6:.1f} MB counted by numpy / bytes.count",
            lambda: read_size(frame).passes,
            lambda: frame.count(_START_OF_SCAN),
            effort,
        )
    ]


def _look_alike(smaller: Any, whole: Any) -> bool:
    """Whether one is the other made smaller."""
    import cv2

    height, width = smaller.shape[:2]
    expected = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return smaller.size < whole.size and float(cv2.absdiff(smaller, expected).mean()) < _MOST_DIFFERENT
