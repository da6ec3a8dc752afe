"""Frames of a request that is neither an image nor our JSON: pictures in a form of parts, in XML and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inference_api.errors import InvalidImageError, InvalidRequestError
from inference_api.messages import Frame
from inference_api.parsing import bodies, reading
from inference_api.proxy import Request

if TYPE_CHECKING:
    from camera_push.envelope import FoundPicture

MOST_FRAMES = 20
"""Of a request."""
_SOURCES = ("source_image", "source")
_TARGETS = ("target_image", "target")


def found(sent: Request, *, compares: bool) -> dict[str, Frame]:
    """The frames by role; empty where there is no picture.

    Raises:
        InvalidRequestError: there are too many, or not enough to compare, or the body must not be read.
        InvalidImageError: one is broken.
    """
    frame = Frame(bodies.bytes_of(sent))
    if frame.is_image:  # an image alone is no comparison
        return {} if compares else {"frame": frame}
    envelope = reading.opened(sent)
    if envelope.broken:
        raise InvalidImageError("; ".join(envelope.broken))
    if len(envelope.pictures) > MOST_FRAMES:
        raise InvalidRequestError(f"the body has {len(envelope.pictures)} pictures; send at most {MOST_FRAMES}")
    if compares:
        return _compared(envelope.pictures)
    return numbered([Frame(picture.body) for picture in envelope.pictures])


def numbered(frames: Sequence[Frame]) -> dict[str, Frame]:
    """One frame as ``frame``, several as ``frame-0``, ``frame-1`` and so on."""
    if len(frames) == 1:
        return {"frame": frames[0]}
    return {f"frame-{number}": frame for number, frame in enumerate(frames)}


def _compared(pictures: Sequence[FoundPicture]) -> dict[str, Frame]:
    """The source by the name of its part, else the first picture, and the targets: all others."""
    if not pictures:
        return {}
    if len(pictures) == 1:
        raise InvalidRequestError("a comparison takes two pictures; name their parts source_image and target_image")
    source = next((picture for picture in pictures if picture.part_name in _SOURCES), None)
    source = source or next((picture for picture in pictures if picture.part_name not in _TARGETS), pictures[0])
    targets = [Frame(picture.body) for picture in pictures if picture is not source]
    if len(targets) == 1:
        return {"source": Frame(source.body), "target": targets[0]}
    return {"source": Frame(source.body), **{f"target-{number}": frame for number, frame in enumerate(targets)}}
