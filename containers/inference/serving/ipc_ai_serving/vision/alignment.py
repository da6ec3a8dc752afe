"""Alignment of faces: eyes, nose and mouth are brought to the places where an embedder learnt to expect them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_serving.images import Frame

Points = npt.NDArray[np.float32]
Placements = npt.NDArray[np.float64]
"""Rotation, scale and shift from a frame to a square: OpenCV's affine transforms, (..., 2, 3)."""

# Eyes, nose tip and corners of the mouth, each pair from the viewer's left to right, in a square of side 1.
_ARCFACE = (  # InsightFace, insightface/utils/face_align.py (arcface_src), of a side of 112
    np.array(
        [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
    )
    / 112
)
# dlib/image_transforms/interpolation.h, the mean face shape; an eye is the mean of its six points.
DLIB_MEAN_FACE = np.array(
    [[0.22549, 0.21599], [0.75476, 0.21599], [0.490127, 0.515625], [0.254149, 0.780233], [0.726104, 0.780233]],
    np.float32,
)
DLIB_NOSE_BASE = np.array([0.490127, 0.628106], np.float32)
_DLIB_PADDING = 0.25  # on every side, in sides of the mean face
_DLIB = (DLIB_MEAN_FACE + _DLIB_PADDING) / (1 + 2 * _DLIB_PADDING)
TEMPLATES = {"arcface": _ARCFACE, "dlib": _DLIB}


def placements(landmarks: Points, template: str, size: int) -> Placements:
    """Compute the placement of faces in the squares that are cut out of their frame.

    Args:
        landmarks: (N, 5, 2) float32 pixels of the frame.
        template: a name of ``TEMPLATES``.
        size: side of the squares in pixels.

    Returns:
        (N, 2, 3) float64.
    """
    return similarity(landmarks, TEMPLATES[template] * size)


def cut_out(frame: Frame, placement: Placements, size: int) -> Frame:
    """Cut a face out of a frame.

    Args:
        frame: (height, width, 3) uint8 BGR.
        placement: the face's, (2, 3) float64.
        size: side of the square in pixels.

    Returns:
        (size, size, 3) uint8 BGR, black outside the frame.
    """
    return cv2.warpAffine(frame, placement, (size, size)).astype(np.uint8, copy=False)


def similarity(source: Points, target: Points) -> Placements:
    """Fit rotation, scale and shift from ``source``, (..., points, 2), to ``target`` in least squares.

    Points are complex numbers, so rotation and scale are one factor: Umeyama's solution in two dimensions
    (IEEE TPAMI 13(4), 1991) without its reflection.

    Returns:
        (..., 2, 3) float64.
    """
    from_points, to_points = (points.astype(np.float64) @ [1, 1j] for points in (source, target))
    from_centre, to_centre = (points.mean(axis=-1, keepdims=True) for points in (from_points, to_points))
    apart = (from_points - from_centre).conj()
    spread = (apart * apart.conj()).real.sum(axis=-1)
    factor = (apart * (to_points - to_centre)).sum(axis=-1) / np.maximum(spread, np.finfo(float).eps)
    shift = to_centre[..., 0] - factor * from_centre[..., 0]
    rows = [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
