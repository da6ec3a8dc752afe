"""Bytes to a frame."""

from __future__ import annotations

import functools
import threading

import cv2
import numpy as np
import numpy.typing as npt

from serving.errors import InvalidImageError, PayloadTooLargeError
from serving.image_headers import read_size
from serving.settings import settings
from serving.stages import stage

Frame = npt.NDArray[np.uint8]
"""A decoded frame: (height, width, 3) uint8, channels in the order blue, green, red."""

_MIN_SIDE = 16


def decode(body: bytes, *, max_pixels: int) -> Frame:
    """Decodes a JPEG, PNG, WebP or BMP image, with its EXIF orientation applied.

    The header is read first, so that a frame too large to decode, or one that was cut off on its way, is
    refused before any pixel is decoded.

    Returns:
        The frame as displayed, (height, width, 3) uint8 BGR. Grey becomes three equal channels, CMYK and
        palettes become colours, an alpha channel is dropped, 16 bits become 8.

    Raises:
        InvalidImageError: not an image, cut off, corrupt, or with a side under 16 pixels.
        PayloadTooLargeError: more than ``max_pixels`` pixels.
    """
    size = read_size(body)
    if size.width * size.height > max_pixels:
        raise PayloadTooLargeError(
            f"the frame has {size.width} x {size.height} pixels; send at most {max_pixels} pixels"
        )
    if min(size.width, size.height) < _MIN_SIDE:
        raise InvalidImageError(
            f"the frame has {size.width} x {size.height} pixels; both sides must have at least {_MIN_SIDE}"
        )
    with stage("wait"):
        _turns().acquire()
    try:
        with stage("decode"):
            frame = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        frame = None
    finally:
        _turns().release()
    if frame is None:
        raise InvalidImageError("the image is corrupt and cannot be decoded; send it again or check the encoder")
    return frame.astype(np.uint8, copy=False)


@functools.cache
def _turns() -> threading.Semaphore:
    """As many frames are decoded at once as the worker has cores: more would only slow down each other and /ping."""
    return threading.BoundedSemaphore(settings().decoders)
