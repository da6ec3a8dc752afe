"""Conversion of a frame to a network's input tensor, with the scales that bring boxes back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import ModelInput
from ipc_ai_serving.images import Frame, FrameSize
from ipc_ai_serving.vision import tensor_resizing
from ipc_ai_serving.vision.detections import Detections

Tensor = npt.NDArray[np.float32]

_INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
_OF_FLOATS, _OF_TENSORS = "float-linear", "tensor-"
_CROPPED = "centre-crop"


@dataclass(frozen=True)
class NetworkInput:
    """A tensor and the place of its frame in it.

    Attributes:
        tensor: (1, 3, height, width) float32, or (1, height, width, 3) where the network takes that.
        scale_x, scale_y: network pixels per pixel of the frame as sent.
        left, top: network pixels before the frame's first column and row, from which boxes count; negative where a crop
            cut it off.
        shape: of the tensor with the axes in the order (1, 3, height, width).
    """

    tensor: Tensor
    scale_x: float
    scale_y: float
    left: float
    top: float
    shape: tuple[int, ...]

    def in_frame(self, found: Detections, *, width: int, height: int) -> Detections:
        """Convert detections to pixels of the frame as sent, ``width`` x ``height``."""
        return found.in_frame(
            scale_x=self.scale_x, scale_y=self.scale_y, left=self.left, top=self.top, width=width, height=height
        )


def network_input(
    frame: Frame, spec: ModelInput, short_size: int | None = None, *, sent: FrameSize | None = None
) -> NetworkInput:
    """Resize, crop or pad, and normalise a frame by ``spec``.

    Args:
        frame: (height, width, 3) uint8 BGR.
        spec: the model's input.
        short_size: short side in pixels at the network input instead of ``spec.size``; only where the frame keeps its
            shape and the network takes any.
        sent: width and height of the frame as sent, where it was decoded with fewer pixels.
    """
    width, height = sent or (frame.shape[1], frame.shape[0])
    new_width, new_height = network_size(width, height, spec, short_size)
    resized = _resized(frame, new_width, new_height, spec.interpolation)
    columns, rows = _tensor_size(new_width, new_height, spec)
    left, top = _offsets(columns - new_width, rows - new_height, spec)
    if spec.is_cropped:
        resized = resized[max(0, -top) : rows - top, max(0, -left) : columns - left]
    tensor = normalised(resized, spec, columns, rows, left=max(0, left), top=max(0, top))
    shape = tensor.shape
    if spec.layout == "NHWC":
        tensor = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))
    if spec.resize == "letterbox" and spec.rounding != "nearest":
        return _as_rounded(tensor, spec, width, height, new_height, shape)
    return NetworkInput(tensor, new_width / width, new_height / height, left, top, shape)


def _as_rounded(
    tensor: Tensor, spec: ModelInput, width: int, height: int, new_height: int, shape: tuple[int, ...]
) -> NetworkInput:
    """Letterbox whose boxes are brought back by one scale.

    Sources: YOLOv5 ``utils/general.py`` (``scale_boxes``), InsightFace ``model_zoo/scrfd.py`` (``detect``).
    """
    exact = min(spec.columns / width, spec.size / height)
    scale = new_height / height if spec.rounding == "cut" else exact
    if spec.placement != "centre":
        return NetworkInput(tensor, scale, scale, 0, 0, shape)
    return NetworkInput(tensor, scale, scale, (shape[3] - scale * width) / 2, (shape[2] - scale * height) / 2, shape)


def network_size(width: int, height: int, spec: ModelInput, short_size: int | None = None) -> FrameSize:
    """Width and height at the network input of a frame of ``width`` x ``height`` pixels, before padding or cropping."""
    if spec.resize == "stretch":
        return spec.crop_from or spec.columns, spec.crop_from or spec.size
    if spec.resize == "letterbox" and spec.rounding == "cut":
        ratio = height / width
        if ratio > spec.size / spec.columns:
            return max(1, int(spec.size / ratio)), spec.size
        return spec.columns, max(1, int(spec.columns * ratio))
    if spec.resize == "letterbox":
        scale = min(spec.columns / width, spec.size / height)
    elif spec.resize == _CROPPED:
        short = spec.crop_from or spec.size
        # The long side is cut to a whole number, as in torchvision's Resize.
        return (short, short * height // width) if width <= height else (short * width // height, short)
    elif spec.sides == "cut":
        return _cut_size(width, height, spec, short_size or spec.size)
    else:
        scale = min((short_size or spec.size) / min(width, height), spec.max_long_side / max(width, height))
        if not spec.enlarge and short_size is None:
            scale = min(scale, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def decoded_size(width: int, height: int, spec: ModelInput, short_size: int | None = None) -> FrameSize:
    """Width and height in pixels with which a frame of ``width`` x ``height`` has to be decoded at least."""
    return (width, height) if spec.full_decode else network_size(width, height, spec, short_size)


def _cut_size(width: int, height: int, spec: ModelInput, short_size: int) -> FrameSize:
    """Sizes of ``get_size_with_aspect_ratio`` in Hugging Face's ``image_transforms.py``, to the pixel.

    Multiples of a stride are those of ``get_size_with_aspect_ratio_yolos`` in ``image_processing_yolos.py``.
    """
    short, long = min(width, height), max(width, height)
    exact: float = short_size
    if long / short * short_size > spec.max_long_side:
        exact = spec.max_long_side * short / long
    new_short = round(exact)
    new_long = long if new_short == short else int(exact * long / short)
    new_width, new_height = (new_short, new_long) if width < height else (new_long, new_short)
    stride = spec.stride
    return max(stride, new_width - new_width % stride), max(stride, new_height - new_height % stride)


def _resized(frame: Frame, width: int, height: int, interpolation: str) -> cv2.typing.MatLike:
    if frame.shape[:2] == (height, width):
        return frame
    if interpolation == _OF_FLOATS:
        return cv2.resize(frame.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    if interpolation in _INTERPOLATIONS:
        return cv2.resize(frame, (width, height), interpolation=_INTERPOLATIONS[interpolation])
    if interpolation.startswith(_OF_TENSORS):
        return tensor_resizing.resized(frame, width, height, interpolation.removeprefix(_OF_TENSORS))
    from PIL import Image  # for the models alone whose frames it resized when they were trained

    kinds = {"antialiased-linear": Image.Resampling.BILINEAR, "antialiased-cubic": Image.Resampling.BICUBIC}
    return np.asarray(Image.fromarray(frame).resize((width, height), kinds[interpolation]))


def _tensor_size(width: int, height: int, spec: ModelInput) -> FrameSize:
    if spec.resize in ("stretch", _CROPPED) or (spec.resize == "letterbox" and spec.fixed):
        return spec.columns, spec.size
    return -(-width // spec.stride) * spec.stride, -(-height // spec.stride) * spec.stride


def _offsets(free_columns: int, free_rows: int, spec: ModelInput) -> tuple[int, int]:
    """Columns and rows before the frame; negative ones are cropped."""
    if spec.is_cropped:
        # What is added is halved; what is cut is rounded by torchvision's center_crop, and halved by Hugging Face's.
        halved = int if spec.sides == "cut" else round
        columns, rows = (free // 2 if free > 0 else -halved(-free / 2) for free in (free_columns, free_rows))
        return columns, rows
    if spec.resize == "letterbox" and spec.placement == "centre":
        # Of an odd number Ultralytics' LetterBox adds the larger half behind.
        return free_columns // 2, free_rows // 2
    return 0, 0


def normalised(
    resized: cv2.typing.MatLike, spec: ModelInput, width: int, height: int, *, left: int = 0, top: int = 0
) -> Tensor:
    """Compute (pixel * scale - mean) / std, channel by channel straight into the tensor to avoid copies.

    Args:
        resized: (rows, columns, 3) uint8 BGR.
        spec: the model's input.
        width: width of the tensor in pixels.
        height: height of the tensor in pixels.
        left: padding before the image's first column; the rest is behind its last.
        top: padding above the image; the rest is below.

    Returns:
        (1, 3, height, width) float32.
    """
    rows, columns = resized.shape[:2]
    place = np.s_[top : top + rows, left : left + columns]
    tensor = np.empty((1, 3, height, width), np.float32)
    order = (2, 1, 0) if spec.colour == "RGB" else (0, 1, 2)
    planes = cv2.split(resized)  # one pass; numpy would read every third byte in each of three
    for target, source in enumerate(order):
        factor = np.float32(spec.scale / spec.std[target])
        offset = np.float32(-spec.mean[target] / spec.std[target])
        divisor = _divisor(factor)
        plane = tensor[0, target]
        if (rows, columns) != (height, width):
            plane.fill((spec.pad_value / divisor if divisor else spec.pad_value * factor) + offset)
        if factor == 1:
            np.copyto(plane[place], planes[source])
        elif divisor:
            np.divide(planes[source], divisor, out=plane[place])
        else:
            np.multiply(planes[source], factor, out=plane[place])
        if offset:
            plane[place] += offset
    return tensor


def _divisor(factor: np.float32) -> np.float32 | None:
    """The whole number by which exporters divide, 255 for example; None where they divide by none.

    A product may differ in its last bit, after which a network in half precision may answer otherwise by hundredths.
    """
    divisor = max(1, round(1 / float(factor)))
    return np.float32(divisor) if np.isclose(factor * divisor, 1, rtol=1e-6, atol=0) else None
