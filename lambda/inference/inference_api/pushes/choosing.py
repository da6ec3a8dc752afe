"""The pictures of a push that the model sees: as many as a request takes, the scene first.

A recorder sends a scene with a crop for each of up to 30 faces, and a plate may be too narrow for any detector. Such a
push is not refused, since its device would send it again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference_api.parsing import found_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_push.push import Picture

LEAST_SIDE = 16
"""Pixels of the shorter side; the built-in containers refuse less."""
_SCENE = "background"
_AROUND = 1024  # bytes of the JSON around pictures in base64
_AROUND_ONE = 8


def seen(pictures: Sequence[Picture], *, takes_one: bool, room: int | None) -> list[int]:
    """The numbers of the pictures that the model sees, in their order; at least one.

    Args:
        pictures: those of the push.
        takes_one: true where the container takes one a request.
        room: the most bytes of a request; None without a bound.
    """
    order = sorted(range(len(pictures)), key=lambda number: _rank(pictures[number]))
    if len(order) == 1:
        return order
    large = [number for number in order if not _is_too_small(pictures[number].body)] or order
    if takes_one:
        return large[:1]
    chosen, size = large[:1], _AROUND + _size(pictures[large[0]])
    for number in large[1:]:
        size_with = size + _size(pictures[number])
        if len(chosen) < found_frames.MOST_FRAMES and (room is None or size_with <= room):
            chosen.append(number)
            size = size_with
    return sorted(chosen)


def _rank(picture: Picture) -> tuple[bool, int]:
    """The scenes come first, and of each the largest."""
    return picture.role != _SCENE, -len(picture.body)


def _is_too_small(body: bytes) -> bool:
    from camera_push.formats import sides

    found = sides.of(body)
    return found is not None and min(found) < LEAST_SIDE


def _size(picture: Picture) -> int:
    """The bytes of a picture in the JSON of several."""
    return (len(picture.body) + 2) // 3 * 4 + _AROUND_ONE
