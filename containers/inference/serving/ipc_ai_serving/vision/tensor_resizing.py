"""Resizing of frames to the very bytes that torchvision makes of them as tensors, as Hugging Face's processors do.

Source of the formulas: PyTorch ``aten/src/ATen/native/cpu/UpSampleKernel.cpp``,
``_compute_index_ranges_int16_weights``. Rows are shortened first, then columns. Each pixel is a sum of its neighbours
with whole weights, shares of a power of two that lets the greatest fit 16 bits, and is rounded after each pass.
Pillow has finer weights, and begins with the pass that costs less, so that up to a fifth of its pixels differ by one.

Sums of whole numbers below 2**24 are exact in float32, so the passes are products of matrices, a few columns at a time.
Where a frame shrinks so much that sums are larger, one value in some 100 000 may be rounded the other way.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_serving.images import Frame

Plane = npt.NDArray[np.float32]
Planes = npt.NDArray[np.float32]
"""(3, rows, columns), blue, green and red."""

_COLUMNS = 8
"""Columns of the result that one product of matrices makes: more cost products with zeros, fewer cost calls."""
_BAND = 128
"""Most rows of the frame at a time, which stay in the processor's cache."""
_MOST_PRODUCTS = 1 << 18
"""Multiplications of one product of matrices; OpenBLAS shares larger ones among threads (``interface/gemm.c``), which
wait for each other busily on cores that are another request's."""
_REACH = {"linear": 1.0, "cubic": 2.0}
_CUBIC = -0.5
_MOST_BITS, _LARGEST_WEIGHT = 22, 1 << 15
_BYTE = 255


def resized(frame: Frame, width: int, height: int, kind: str) -> Frame:
    """Resize a (rows, columns, 3) uint8 frame with antialiasing, ``linear`` or ``cubic``."""
    planes = _with_columns(_with_rows_shortened(frame, width, kind), height, kind)
    joined: Frame = cv2.merge(list(planes.astype(np.uint8)))
    return joined


def _with_rows_shortened(frame: Frame, width: int, kind: str) -> Planes:
    """Planes of a frame with rows of ``width`` pixels, (3, rows, width), in whole values from 0 to 255."""
    rows, columns = frame.shape[:2]
    result = np.empty((3, rows, width), np.float32)
    weights = _weights(columns, width, kind) if columns != width else []
    at_once = min([_BAND, *(_fitting(matrix) for *_, matrix in weights)])
    band = np.empty((3, at_once, columns), np.float32)
    for start in range(0, rows, at_once):
        there = result[:, start : start + at_once]
        given = band[:, : there.shape[1]] if weights else there
        for plane, pixels in zip(given, cv2.split(frame[start : start + at_once]), strict=True):
            plane[:] = pixels
        for made, read, matrix in weights:
            np.matmul(given[:, :, read], matrix, out=there[:, :, made])
        if weights:
            _round(there, kind)
    return result


def _with_columns(planes: Planes, length: int, kind: str) -> Planes:
    """Planes with columns of ``length`` pixels, (3, length, width), in whole values from 0 to 255."""
    if planes.shape[1] == length:
        return planes
    width = planes.shape[2]
    result = np.empty((3, length, width), np.float32)
    for made, read, matrix in _weights(planes.shape[1], length, kind):
        at_once = _fitting(matrix)
        for start in range(0, width, at_once):
            across = slice(start, start + at_once)
            np.matmul(matrix.T, planes[:, read, across], out=result[:, made, across])
    _round(result, kind)
    return result


def _fitting(matrix: Plane) -> int:
    """Rows, or columns, that may be multiplied with a matrix at once."""
    return max(1, _MOST_PRODUCTS // matrix.size)


def _round(values: Planes, kind: str) -> None:
    """Round to whole values from 0 to 255 in place; weights below 0 alone lead beyond these."""
    values += np.float32(0.5)
    np.floor(values, out=values)
    if kind == "cubic":
        np.clip(values, 0, _BYTE, out=values)


@functools.lru_cache(maxsize=64)
def _weights(size: int, length: int, kind: str) -> list[tuple[slice, slice, Plane]]:
    """Weights of ``size`` pixels for ``length`` pixels: columns made, columns read, and their matrix."""
    scale = size / length
    reach = _REACH[kind] * max(scale, 1.0)
    centres = scale * (np.arange(length) + 0.5)
    first = np.maximum((centres - reach + 0.5).astype(int), 0)
    last = np.minimum((centres + reach + 0.5).astype(int), size)
    neighbours = first[:, None] + np.arange((last - first).max())
    distances = np.abs((neighbours - centres[:, None] + 0.5) / max(scale, 1.0))
    shares = np.where(neighbours < last[:, None], _share(distances, kind), 0)
    shares /= shares.sum(axis=1, keepdims=True)
    bits = next(
        bits
        for bits in range(_MOST_BITS + 1)
        if bits == _MOST_BITS or _whole(shares.max(), bits + 1) >= _LARGEST_WEIGHT
    )
    whole = _whole(shares, bits) / (1 << bits)
    blocks = []
    for start in range(0, length, _COLUMNS):
        end = min(length, start + _COLUMNS)
        read = slice(first[start], last[end - 1])
        matrix = np.zeros((read.stop - read.start, end - start), np.float32)
        for column in range(start, end):
            used = slice(first[column] - read.start, last[column] - read.start)
            matrix[used, column - start] = whole[column, : last[column] - first[column]]
        blocks.append((slice(start, end), read, matrix))
    return blocks


def _share(distances: npt.NDArray[np.float64], kind: str) -> npt.NDArray[np.float64]:
    if kind == "linear":
        return np.clip(1 - distances, 0, None)
    near = ((_CUBIC + 2) * distances - (_CUBIC + 3)) * distances**2 + 1
    far = (((distances - 5) * distances + 8) * distances - 4) * _CUBIC
    return np.where(distances < 1, near, np.where(distances < _REACH["cubic"], far, 0))


def _whole(shares: npt.NDArray[np.float64], bits: int) -> npt.NDArray[np.float64]:
    whole: npt.NDArray[np.float64] = np.trunc(shares * (1 << bits) + np.copysign(0.5, shares))
    return whole
