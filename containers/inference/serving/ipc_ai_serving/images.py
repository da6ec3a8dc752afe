"""Decoding of images to frames, within limits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_serving.decoding import jpeg, png_chunks
from ipc_ai_serving.decoding.image_headers import Size, is_jpeg, is_png, read_size
from ipc_ai_serving.errors import InvalidImageError, PayloadTooLargeError
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.stages import stage

Frame = npt.NDArray[np.uint8]
"""A decoded frame: (height, width, 3) uint8, channels in the order blue, green, red."""

FrameSize = tuple[int, int]
"""Width and height in pixels."""

Needed = Callable[[int, int], FrameSize]
"""Function from the width and height of a frame to those at the network input."""

_REDUCTIONS = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
_MIN_SIDE = 16
_LARGEST_FRAMES_TOGETHER = 2
# A decoder goes over the pixels of a progressive JPEG once a scan, and a scan takes some 100 bytes: without a limit a
# small file keeps it busy for minutes. Encoders write about ten scans.
_MOST_PASSES, _PASSES_OF_LARGEST = 1000, 16
# libjpeg gives 128 in all channels to whatever has no data (jdhuff.c); from YCCK and CMYK that becomes a darker grey.
_GREYS_WITHOUT_DATA = (128, 64, 65)
# EXIF orientations and their corrections, CIPA DC-008 section 4.6.5.
_UPRIGHT: dict[int, Callable[[Frame], cv2.typing.MatLike]] = {
    2: lambda frame: cv2.flip(frame, 1),
    3: lambda frame: cv2.rotate(frame, cv2.ROTATE_180),
    4: lambda frame: cv2.flip(frame, 0),
    5: cv2.transpose,
    6: lambda frame: cv2.rotate(frame, cv2.ROTATE_90_CLOCKWISE),
    7: lambda frame: cv2.rotate(cv2.transpose(frame), cv2.ROTATE_180),
    8: lambda frame: cv2.rotate(frame, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def decode(body: bytes, *, max_pixels: int) -> Frame:
    """Decode a JPEG, PNG, WebP or BMP image and apply its EXIF orientation.

    The header is read first, so that a frame too large to decode, or one that was cut off on its way, is
    refused before any pixel is decoded.

    Returns:
        The frame as displayed, (height, width, 3) uint8 BGR. Grey becomes three equal channels, CMYK and
        palettes become colours, an alpha channel is dropped, 16 bits become 8.

    Raises:
        InvalidImageError: not an image, cut off, corrupt, or with a side under 16 pixels.
        PayloadTooLargeError: more than ``max_pixels`` pixels.
    """
    return _decoded(body, check_size(body, max_pixels=max_pixels))


def decode_for(body: bytes, *, max_pixels: int, needed: Needed) -> tuple[Frame, FrameSize]:
    """Decode an image, at reduced size if it is a JPEG with twice the needed pixels or more in each row and column.

    The JPEG is then decoded at a half, a quarter or an eighth of its size, and never smaller than needed. This saves
    work, because ITU-T T.81 stores blocks of frequencies, of which the high ones are left out.

    Args:
        body: the image.
        max_pixels: most pixels of the frame as sent.
        needed: function from the frame's width and height to those at the network input.

    Returns:
        The frame, perhaps reduced, and the width and height of the frame as sent and displayed.

    Raises:
        InvalidImageError, PayloadTooLargeError: as ``decode``.
    """
    size = check_size(body, max_pixels=max_pixels)
    if size.reducible:
        width, height = needed(size.width, size.height)
        for reduction, flag in _REDUCTIONS.items():
            if size.width >= reduction * width and size.height >= reduction * height:
                return _decoded(body, size, flag), (size.width, size.height)
    frame = _decoded(body, size)
    return frame, (frame.shape[1], frame.shape[0])


def check_together(bodies: Sequence[bytes], *, max_pixels: int) -> None:
    """Check the sum of pixels of a request's frames, which are all in memory at once.

    Bodies that are no images do not count; ``decode`` reports what is wrong with them.

    Raises:
        PayloadTooLargeError: more than twice ``max_pixels``.
    """
    limit = _LARGEST_FRAMES_TOGETHER * max_pixels
    total = 0
    for body in bodies:
        with contextlib.suppress(InvalidImageError):
            size = read_size(body)
            total += size.width * size.height
    if total > limit:
        raise PayloadTooLargeError(
            f"the frames of the request have {total} pixels together; send at most {limit} pixels in one request"
        )


def check_size(body: bytes, *, max_pixels: int) -> Size:
    """Read and check the size in the header without decoding anything.

    Raises:
        InvalidImageError: not an image, cut off, or with a side under 16 pixels.
        PayloadTooLargeError: more than ``max_pixels`` pixels, or so many scans that decoding would take as long.
    """
    size = read_size(body)
    if size.width * size.height > max_pixels:
        raise PayloadTooLargeError(
            f"the frame has {size.width} x {size.height} pixels; send at most {max_pixels} pixels"
        )
    if size.passes > _MOST_PASSES or size.passes * size.width * size.height > _PASSES_OF_LARGEST * max_pixels:
        raise PayloadTooLargeError(
            f"the JPEG of {size.width} x {size.height} pixels has {size.passes} scans; use 10 or fewer"
        )
    if min(size.width, size.height) < _MIN_SIDE:
        raise InvalidImageError(
            f"the frame has {size.width} x {size.height} pixels; both sides must have at least {_MIN_SIDE}"
        )
    return size


def _decoded(body: bytes, size: Size, flag: int = cv2.IMREAD_COLOR) -> Frame:
    """Decode a frame as displayed, in full or as the flag says."""
    with traffic.holding_core(), stage("decode"):
        frame = _pixels(png_chunks.still(body) if is_png(body) else body, flag)
        if frame is None:
            raise InvalidImageError("the image is corrupt and cannot be decoded; send it again or check the encoder")
        if is_jpeg(body) and _lacks_data(body, frame, flag):
            raise InvalidImageError("the JPEG is truncated: its data end before its picture; send the whole file")
        # OpenCV would see less EXIF than there is: one in the first APP1 of a JPEG, none in a WebP or in a PNG's texts.
        turn = _UPRIGHT.get(size.orientation)
        return (frame if turn is None else turn(frame)).astype(np.uint8, copy=False)


def _pixels(body: bytes, flag: int) -> Frame | None:
    try:
        frame = cv2.imdecode(np.frombuffer(body, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if frame is None else frame.astype(np.uint8, copy=False)


def _lacks_data(body: bytes, frame: Frame, flag: int) -> bool:
    """Tell if a JPEG's data end before its picture: libjpeg only writes so to stderr, and fills the rest with grey."""
    grey = frame[-1, -1, 0]
    ends_grey = grey in _GREYS_WITHOUT_DATA and bool(np.all(frame[-1, frame.shape[1] // 2 :] == grey))
    more = jpeg.with_more_data(body, ends_grey=ends_grey)
    other = None if more is None else _pixels(more, flag)
    return other is not None and not np.array_equal(frame, other)
