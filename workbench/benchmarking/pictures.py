"""Annotated frames side by side, each under its variant's name and figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from workbench.errors import BenchmarkError

_HEIGHT, _GAP, _LINE = 540, 8, 30  # pixels: of a frame in the picture, between frames, of a line of text
_A_ROW = 3
_FONT, _SIZE, _SMALLEST = cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0.35


def side_by_side(pictures: Sequence[tuple[Path, Sequence[str]]], output: Path) -> None:
    """Write one picture of several.

    Args:
        pictures: image files of one size, each with the lines to write above it.
        output: a .png or .jpg file.

    Raises:
        BenchmarkError: it cannot be written.
    """
    tiles = [_tile(path, lines) for path, lines in pictures]
    columns = min(_A_ROW, len(tiles))
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    size = (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3)
    canvas = np.full(size, 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
        canvas[top : top + height, left : left + width] = tile
    if not cv2.imwrite(str(output), canvas):
        raise BenchmarkError(f"cannot write {output}; name another folder with --output")


def _tile(path: Path, lines: Sequence[str]) -> cv2.typing.MatLike:
    picture = cv2.imread(str(path))
    assert picture is not None, path  # which `annotate` has just written
    width = round(picture.shape[1] * _HEIGHT / picture.shape[0])
    resized = cv2.resize(picture, (width, _HEIGHT), interpolation=cv2.INTER_AREA)
    ground = np.full((_LINE * len(lines), width, 3), 255, np.uint8)
    for number, line in enumerate(lines):
        needed = cv2.getTextSize(line, _FONT, _SIZE, 1)[0][0]
        size = max(_SMALLEST, min(_SIZE, _SIZE * width / max(needed, 1)))
        cv2.putText(ground, line, (0, _LINE * (number + 1) - 9), _FONT, size, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([ground, resized])
