"""Cells of an anchor-free detector's feature maps."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt


@functools.lru_cache(maxsize=64)
def cells(height: int, width: int, strides: tuple[int, ...]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Compute cell corners and strides of all feature maps of an input of ``height`` x ``width`` pixels.

    Returns:
        (cells, 2) float32, column and row of each cell, row by row and stride by stride, and
        (cells, 1) float32, its stride in pixels. Callers must not write to them, because they are cached.
    """
    corners, sizes = [], []
    for stride in strides:
        rows, columns = height // stride, width // stride
        row, column = np.divmod(np.arange(rows * columns), columns)
        corners.append(np.stack([column, row], axis=1))
        sizes.append(np.full((rows * columns, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(sizes).astype(np.float32)
