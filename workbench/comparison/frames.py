"""Frames of a comparison: a sample that is spread over cameras and hours, from a folder or from events."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from workbench.errors import ComparisonError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""Endings of frames that are compared, in lower case."""
NO_CAMERA = "-"
_CAMERA = "camera="

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Frame:
    """A frame and when and where it was taken.

    Attributes:
        name: its key in the bucket, or its path in the folder, with slashes.
        camera: its camera; ``-`` where nothing tells.
        hour: hour of the day in UTC at which it was stored, ``00`` to ``23``; empty where nothing tells.
    """

    name: str
    camera: str = NO_CAMERA
    hour: str = ""

    @property
    def shown(self) -> str:
        """Name for people, whom a terminal's control characters and names that are no UTF-8 would harm."""
        return _printable(self.name)


def camera_of(name: str) -> str:
    """Camera of a frame by its name, for people: of ``camera=ID`` in it, else its first folder."""
    *folders, _ = PurePosixPath(name).parts
    named = [folder.removeprefix(_CAMERA) for folder in folders if folder.startswith(_CAMERA)]
    return _printable((named or [*folders, NO_CAMERA])[0])


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def is_frame(name: str) -> bool:
    """Return whether a name is that of an image."""
    return name.lower().endswith(SUFFIXES) and not PurePosixPath(name).name.startswith(".")


def of_folder(folder: Path) -> list[Frame]:
    """Find the frames of a folder and the folders in it, by name.

    Raises:
        ComparisonError: there is no such folder, or it has no frames.
    """
    if not folder.is_dir():
        raise ComparisonError(f"there is no folder {folder}; name one with frames")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    found = [Frame(name, camera_of(name)) for name in names if is_frame(name)]
    if not found:
        raise ComparisonError(f"{folder} has no frames; put JPEG, PNG, WebP or BMP images there")
    return found


def spread(found: Iterable[Frame], count: int, *, seed: int) -> list[Frame]:
    """Choose frames so that cameras, and the hours of each camera, have the same number as far as they have frames.

    Args:
        found: frames to choose from, in any order.
        count: most frames to choose.
        seed: the same seed chooses the same frames of the same candidates.

    Returns:
        The chosen frames, by name.
    """
    mixed = shuffled(sorted(found), seed)
    by_camera = _grouped(mixed, lambda frame: frame.camera)
    turns = [in_turns(_grouped(frames, lambda frame: frame.hour)) for frames in by_camera]
    chosen = [frame for frame, _ in zip(in_turns(turns), range(count), strict=False)]
    return sorted(chosen)


def shuffled(items: Iterable[T], seed: int) -> list[T]:
    """Items in an order that only their order and the seed decide."""
    mixed = list(items)
    random.Random(seed).shuffle(mixed)  # noqa: S311 (a sample, no secret)
    return mixed


def in_turns(groups: Iterable[Iterable[T]]) -> Iterator[T]:
    """One item of each group, then the next of each, until all are used up."""
    left = [iter(group) for group in groups]
    while left:
        still = []
        for group in left:
            for item in group:
                yield item
                still.append(group)
                break
        left = still


def _grouped(frames: Iterable[Frame], key: Callable[[Frame], str]) -> Sequence[list[Frame]]:
    groups: defaultdict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame)].append(frame)
    return list(groups.values())
