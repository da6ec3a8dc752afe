"""Pictures of the frames in which two models differ: both answers side by side, one colour a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from workbench.camera.annotation import displayed, drawn
from workbench.camera.class_colours import colours
from workbench.camera.report import Finding
from workbench.errors import ComparisonError

_WIDTH, _GAP, _LINE = 640, 8, 28  # pixels: of a frame in the picture, between frames, of a heading
_FONT, _SIZE, _SMALLEST = cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0.35
_WHITE = 255


def write(frame: Path, sides: Sequence[tuple[str, Sequence[Finding]]], output: Path) -> None:
    """Draw a frame once a model, with what the model found.

    Args:
        frame: an image file.
        sides: a heading and the findings of each model.
        output: a .jpg or .png file.

    Raises:
        WorkbenchError: the frame cannot be read, or the picture not written.
    """
    picture = displayed(frame)
    drawn_in = colours({each.name for _, found in sides for each in found})
    panes = [_pane(heading, drawn(picture.copy(), found, drawn_in)) for heading, found in sides]
    height = max(pane.shape[0] for pane in panes)
    together = np.full((height, len(panes) * (_WIDTH + _GAP) - _GAP, 3), _WHITE, np.uint8)
    for number, pane in enumerate(panes):
        left = number * (_WIDTH + _GAP)
        together[: pane.shape[0], left : left + _WIDTH] = pane
    if not cv2.imwrite(str(output), together):
        raise ComparisonError(f"cannot write {output}; name another folder with --output")


def _pane(heading: str, picture: cv2.typing.MatLike) -> cv2.typing.MatLike:
    """Picture at the width of a pane below its heading."""
    height = max(1, round(picture.shape[0] * _WIDTH / picture.shape[1]))
    smaller = cv2.INTER_AREA if picture.shape[1] > _WIDTH else cv2.INTER_LINEAR
    ground = np.full((_LINE, _WIDTH, 3), _WHITE, np.uint8)
    text = heading.encode("ascii", "replace").decode()  # OpenCV's font has no others
    needed = cv2.getTextSize(text, _FONT, _SIZE, 1)[0][0]
    size = max(_SMALLEST, min(_SIZE, _SIZE * _WIDTH / max(needed, 1)))
    cv2.putText(ground, text, (4, _LINE - 9), _FONT, size, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([ground, cv2.resize(picture, (_WIDTH, height), interpolation=smaller)])
