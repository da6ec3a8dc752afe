"""Frames as exporters read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from ultralytics.data.augment import LetterBox


def bgr(path: Path) -> Any:
    """Return a frame as OpenCV reads it: (height, width, 3) uint8."""
    frame = cv2.imread(str(path))
    assert frame is not None, path
    return frame


def rgb(path: Path) -> Image.Image:
    """Return a frame as Pillow reads it."""
    return Image.open(path).convert("RGB")


def letterboxed(path: Path, height: int, width: int) -> Any:
    """Fit a frame into ``height`` x ``width`` as Ultralytics' ``LetterBox(auto=False)`` does.

    Returns:
        (height, width, 3) uint8 BGR.
    """
    return LetterBox((height, width), auto=False)(image=bgr(path))


def as_batch(images: list[Any]) -> torch.Tensor:
    """Stack (height, width, 3) uint8 BGR images to (N, 3, height, width) float32 RGB of 0 to 1."""
    stacked = np.stack([image[:, :, ::-1].transpose(2, 0, 1) for image in images])
    return torch.from_numpy(stacked.astype(np.float32) / 255)
