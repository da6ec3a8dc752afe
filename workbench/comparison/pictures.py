"""Pictures of the frames in which two models differ: both answers side by side, one colour a class."""

from __future__ import annotations

import colorsys
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from workbench.camera.annotation import displayed
from workbench.comparison.answers import Finding
from workbench.errors import ComparisonError

_WIDTH, _GAP, _LINE = 640, 8, 28  # pixels: of a frame in the picture, between frames, of a line of text
_FONT, _SIZE, _SMALLEST = cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0.35
_FIRST_HUE, _GOLDEN = 0.33, 0.618034  # steps of the golden ratio keep any number of hues apart
_BLACK, _WHITE = (0, 0, 0), 255


Colours = Mapping[str, tuple[int, int, int]]
"""Colour by class, BGR, bright enough for black text."""


def colours(labels: Iterable[str]) -> Colours:
    """A colour for each class; the first ones differ most."""
    hues = ((_FIRST_HUE + number * _GOLDEN) % 1 for number in itertools.count())
    return {label: _bgr(hue) for label, hue in zip(labels, hues, strict=False)}


def write(frame: Path, sides: Sequence[tuple[str, Sequence[Finding]]], output: Path, *, drawn_in: Colours) -> None:
    """Draw a frame once a model, with what the model found.

    Args:
        frame: an image file.
        sides: a heading and the findings of each model.
        drawn_in: colours of all classes.
        output: a .jpg or .png file.

    Raises:
        WorkbenchError: the frame cannot be read, or the picture not written.
    """
    picture = displayed(frame)
    scale = _WIDTH / picture.shape[1]
    size = (_WIDTH, max(1, round(picture.shape[0] * scale)))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    panes = [_pane(resized.copy(), heading, findings, scale, drawn_in) for heading, findings in sides]
    gap = np.full((panes[0].shape[0], _GAP, 3), _WHITE, np.uint8)
    together = np.hstack([part for pane in panes for part in (pane, gap)][:-1])
    if not cv2.imwrite(str(output), together):
        raise ComparisonError(f"cannot write {output}; name another folder with --output")


def _bgr(hue: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 1.0)
    return round(255 * blue), round(255 * green), round(255 * red)


def _pane(
    picture: cv2.typing.MatLike, heading: str, findings: Sequence[Finding], scale: float, drawn_in: Colours
) -> cv2.typing.MatLike:
    ground = np.full((_LINE, picture.shape[1], 3), _WHITE, np.uint8)
    _write(ground, heading, 4, _LINE - 9, fits=picture.shape[1] - 8)
    for row, finding in enumerate(each for each in findings if each.box is None):
        _tag(picture, finding, 4, 4 + row * _LINE, drawn_in[finding.label])
    for finding in reversed([each for each in findings if each.box is not None]):  # so that the best lies on top
        assert finding.box is not None
        x_min, y_min, x_max, y_max = (round(edge * scale) for edge in finding.box)
        cv2.rectangle(picture, (x_min, y_min), (x_max, y_max), drawn_in[finding.label], 2)
        _tag(picture, finding, x_min, y_min, drawn_in[finding.label])
    return np.vstack([ground, picture])


def _tag(picture: cv2.typing.MatLike, finding: Finding, x: int, y: int, colour: tuple[int, int, int]) -> None:
    """Write class and score on a ground of the class's colour: above the point, or below it where there is no room."""
    text = f"{_ascii(finding.label)} {finding.score:.2f}"
    (width, height), baseline = cv2.getTextSize(text, _FONT, _SIZE, 1)
    top = max(0, y - height - baseline)
    left = max(0, min(x, picture.shape[1] - width))
    cv2.rectangle(picture, (left, top), (left + width, top + height + baseline), colour, cv2.FILLED)
    cv2.putText(picture, text, (left, top + height), _FONT, _SIZE, _BLACK, 1, cv2.LINE_AA)


def _write(ground: cv2.typing.MatLike, text: str, x: int, y: int, *, fits: int) -> None:
    text = _ascii(text)
    needed = cv2.getTextSize(text, _FONT, _SIZE, 1)[0][0]
    cv2.putText(
        ground, text, (x, y), _FONT, max(_SMALLEST, min(_SIZE, _SIZE * fits / max(needed, 1))), _BLACK, 1, cv2.LINE_AA
    )


def _ascii(text: str) -> str:
    """Text without the characters that OpenCV's font lacks."""
    return text.encode("ascii", "replace").decode()
