"""Frames as exporters read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image


def bgr(path: Path) -> Any:
    """Return a frame as OpenCV reads it: (height, width, 3) uint8."""
    frame = cv2.imread(str(path))
    assert frame is not None, path
    return frame


def rgb(path: Path) -> Image.Image:
    """Return a frame as Pillow reads it."""
    return Image.open(path).convert("RGB")


def letterboxed(path: Path, height: int, width: int) -> tuple[Any, float, float, float]:
    """Fit a frame into ``height`` x ``width`` as Ultralytics' ``LetterBox(auto=False)`` does.

    Returns:
        (height, width, 3) uint8 BGR, the scale, and the pixels before the frame's first column and row.
    """
    frame = bgr(path)
    scale = min(height / frame.shape[0], width / frame.shape[1])
    inner_width, inner_height = round(frame.shape[1] * scale), round(frame.shape[0] * scale)
    free_x, free_y = (width - inner_width) / 2, (height - inner_height) / 2
    left, top = round(free_x - 0.1), round(free_y - 0.1)
    canvas = np.full((height, width, 3), 114, np.uint8)
    resized = cv2.resize(frame, (inner_width, inner_height), interpolation=cv2.INTER_LINEAR)
    canvas[top : top + inner_height, left : left + inner_width] = resized
    return canvas, scale, free_x, free_y


def as_batch(images: list[Any]) -> torch.Tensor:
    """Stack (height, width, 3) uint8 BGR images to (N, 3, height, width) float32 RGB of 0 to 1."""
    stacked = np.stack([image[:, :, ::-1].transpose(2, 0, 1) for image in images])
    return torch.from_numpy(stacked.astype(np.float32) / 255)
