"""Conversion of a frame to a network's input tensor, with the scales that bring boxes back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import ModelInput
from ipc_ai_serving.images import Frame, FrameSize

Tensor = npt.NDArray[np.float32]

_INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


@dataclass(frozen=True)
class NetworkInput:
    """A tensor and the scale of its frame.

    Attributes:
        tensor: (1, 3, height, width) float32.
        scale_x, scale_y: network pixels per pixel of the frame as sent; both have the same top left corner.
    """

    tensor: Tensor
    scale_x: float
    scale_y: float


def network_input(
    frame: Frame, spec: ModelInput, short_size: int | None = None, *, sent: FrameSize | None = None
) -> NetworkInput:
    """Resize, pad and normalise a frame by ``spec``.

    Args:
        frame: (height, width, 3) uint8 BGR.
        spec: the model's input.
        short_size: short side in pixels at the network input instead of ``spec.size``; a letterbox
            keeps its size.
        sent: width and height of the frame as sent, where it was decoded with fewer pixels.
    """
    width, height = sent or (frame.shape[1], frame.shape[0])
    new_width, new_height = network_size(width, height, spec, short_size)
    resized: cv2.typing.MatLike = frame
    if frame.shape[:2] != (new_height, new_width):
        resized = cv2.resize(frame, (new_width, new_height), interpolation=_INTERPOLATIONS[spec.interpolation])
    tensor = normalised(resized, spec, *_padded(new_width, new_height, spec))
    return NetworkInput(tensor, new_width / width, new_height / height)


def network_size(width: int, height: int, spec: ModelInput, short_size: int | None = None) -> FrameSize:
    """Width and height at the network input of a frame of ``width`` x ``height`` pixels, before padding."""
    if spec.resize == "letterbox":
        scale = min(spec.size / width, spec.size / height)
    else:
        scale = min((short_size or spec.size) / min(width, height), spec.max_long_side / max(width, height))
        if not spec.enlarge and short_size is None:
            scale = min(scale, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _padded(width: int, height: int, spec: ModelInput) -> tuple[int, int]:
    if spec.resize == "letterbox":
        return spec.size, spec.size
    return -(-width // spec.stride) * spec.stride, -(-height // spec.stride) * spec.stride


def normalised(resized: cv2.typing.MatLike, spec: ModelInput, width: int, height: int) -> Tensor:
    """Compute (pixel * scale - mean) / std, channel by channel straight into the tensor to avoid copies.

    Args:
        resized: (rows, columns, 3) uint8 BGR.
        spec: the model's input.
        width: width of the tensor, padded to the right of the image.
        height: height of the tensor, padded below the image.

    Returns:
        (1, 3, height, width) float32.
    """
    rows, columns = resized.shape[:2]
    tensor = np.empty((1, 3, height, width), np.float32)
    order = (2, 1, 0) if spec.colour == "RGB" else (0, 1, 2)
    planes = cv2.split(resized)  # one pass; numpy would read every third byte in each of three
    for target, source in enumerate(order):
        factor = np.float32(spec.scale / spec.std[target])
        offset = np.float32(-spec.mean[target] / spec.std[target])
        plane = tensor[0, target]
        if (rows, columns) != (height, width):
            plane.fill(spec.pad_value * factor + offset)
        if factor == 1:
            np.copyto(plane[:rows, :columns], planes[source])
        else:
            np.multiply(planes[source], factor, out=plane[:rows, :columns])
        if offset:
            plane[:rows, :columns] += offset
    return tensor
