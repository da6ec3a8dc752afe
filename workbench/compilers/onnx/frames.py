"""Frames for the proof and the calibration of a compiled model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench import serving_program
from workbench.camera import photograph
from workbench.errors import CompileError

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


@dataclass(frozen=True)
class NamedFrame:
    """Frame, (height, width, 3) uint8 BGR, and its file."""

    name: str
    frame: npt.NDArray[np.uint8]
    path: Path | None = None


def read(places: Sequence[Path]) -> list[NamedFrame]:
    """Read the frames of files and folders, by name; the installed photograph where none are given.

    Raises:
        CompileError: a file is missing or no image, or a folder has none.
    """
    if not places:
        return [NamedFrame("astronaut.png (installed)", photograph.frame())]
    return [_read(path) for place in places for path in files(place)]


def files(place: Path) -> list[Path]:
    """List the image files of a folder, by name; a file stands for itself.

    Raises:
        CompileError: the place does not exist, or the folder has no image.
    """
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise CompileError(f"there is no {place}; give a frame or a folder of frames")
    found = sorted(path for path in place.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise CompileError(f"{place} has no frames; put JPEG, PNG, WebP or BMP images there")
    return found


def _read(path: Path) -> NamedFrame:
    """Decodes as the serving program does, so that a frame is turned here if it is turned there."""
    serving_program.make_importable()
    from ipc_ai_serving.errors import ClientError
    from ipc_ai_serving.frames import frame_reader

    try:
        return NamedFrame(path.name, frame_reader().of_image(path.read_bytes()).frames[0], path)
    except (OSError, ClientError) as error:
        raise CompileError(f"cannot read {path} as a frame: {error}") from error
