"""The frames of a request, in every form in which clients send them.

================================================  ===============================================
body                                              frames
================================================  ===============================================
the image itself                                  one frame
``{"image_bytes": BASE64}``                       one frame
``{"images_bytes": [BASE64, ...]}``               a batch; a clip with ``"clip": true``
``{"images": ["s3://BUCKET/KEY", ...]}``          one URI: one frame; several: a batch; a clip as above
================================================  ===============================================

The keys of the API, ``image_base64_enc`` and ``images_base64_enc``, mean the same as the first two. A clip is
a list of frames of one size in temporal order. ``read_frames`` is for users' own hooks.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ipc_ai_serving.errors import ClientError
from ipc_ai_serving.requests import content
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.settings import settings

if TYPE_CHECKING:
    from ipc_ai_serving.images import Frame, FrameSize, Needed

_ONE = ("image_bytes", "image_base64_enc")
_SEVERAL = ("images_bytes", "images_base64_enc")
_URIS = "images"
_KEYS = (*_ONE, *_SEVERAL, _URIS)
_MAX_FRAMES, _MAX_URIS = 20, 16
_SHOWN_BYTES = 60


@dataclass(frozen=True)
class FrameSet:
    """Decoded frames.

    Attributes:
        frames: in the order sent, each (height, width, 3) uint8 BGR, those of a clip of one size. They may have fewer
            pixels than were sent if the caller passed ``needed``.
        sizes: width and height of each frame as sent and displayed.
        mode: one frame, several, or several in temporal order.
    """

    frames: list[Frame]
    sizes: list[FrameSize]
    mode: Literal["frame", "batch", "clip"]

    @property
    def several(self) -> bool:
        """True for the form with several frames, even if one was sent."""
        return self.mode != "frame"


class FrameReader:
    """Read frames within limits.

    Args:
        max_pixels: most pixels of one frame; all frames of a request together may have twice as many.
        fetch: function from S3 URIs to the contents of their objects.
    """

    def __init__(self, *, max_pixels: int, fetch: Callable[[Sequence[str]], list[bytes]]) -> None:
        self._max_pixels = max_pixels
        self._fetch = fetch

    def of_image(self, body: bytes, needed: Needed | None = None) -> FrameSet:
        """Decode a body that is an image, at no more resolution than is ``needed``; see ``images.decode_for``.

        Raises:
            ClientError: as ``images.decode``.
        """
        frame, size = self._decode(body, needed)
        return FrameSet([frame], [size], "frame")

    def of_document(self, document: Mapping[str, Any], needed: Needed | None = None) -> FrameSet:
        """Decode the frames that a JSON object holds or names, at no more resolution than is ``needed``.

        Raises:
            ClientError: none or several of the keys, or a value that does not fit its key; as ``images.decode`` and
                ``ObjectStore.fetch``. A message about one of several frames names it, counted from 0.
            ObjectStoreUnavailableError: S3 cannot be reached.
        """
        key = _key(document)
        if key in _ONE:
            return self.of_image(content.base64_image(document, key), needed)
        clip = content.flag(document, "clip")
        if key == _URIS:
            bodies = self._fetch(_uris(document))
            if len(bodies) == 1 and not clip:
                return self.of_image(bodies[0], needed)
        else:
            bodies = content.base64_images(document, key, maximum=_MAX_FRAMES)
        frames, sizes = self._decode_all(bodies, needed)
        if clip:
            _check_sizes(sizes)
        return FrameSet(frames, sizes, "clip" if clip else "batch")

    def _decode_all(self, bodies: Sequence[bytes], needed: Needed | None) -> tuple[list[Frame], list[FrameSize]]:
        from ipc_ai_serving import images

        images.check_together(bodies, max_pixels=self._max_pixels)
        decoded = []
        for number, body in enumerate(bodies):
            with _named(number):
                decoded.append(self._decode(body, needed))
        return [frame for frame, _ in decoded], [size for _, size in decoded]

    def _decode(self, body: bytes, needed: Needed | None) -> tuple[Frame, FrameSize]:
        from ipc_ai_serving import images  # brings OpenCV, which an application without frames does not need

        if needed:
            return images.decode_for(body, max_pixels=self._max_pixels, needed=needed)
        frame = images.decode(body, max_pixels=self._max_pixels)
        return frame, (frame.shape[1], frame.shape[0])


@functools.cache
def frame_reader() -> FrameReader:
    """The reader with the limits of the environment."""
    return FrameReader(max_pixels=settings().max_frame_pixels, fetch=_fetch)


@dataclass(frozen=True)
class EncodedFrames:
    """Frames of a request, still encoded, because the resolution at which to decode them depends on the model.

    Attributes:
        body: the image itself, or the JSON text.
        document: the JSON object, or None where the body is the image.
    """

    body: bytes
    document: Mapping[str, Any] | None

    def frames(self, needed: Needed) -> FrameSet:
        """Decode the frames, with no fewer pixels than are needed."""
        reader = frame_reader()
        if self.document is None:
            return reader.of_image(self.body, needed)
        return reader.of_document(self.document, needed)


def read_frames(body: bytes | str, content_type: str | None) -> Frame | list[Frame]:
    """Decode the frames of a request for the ``input_fn`` of a user's own application.

    Args:
        body: the body as ``input_fn`` gets it.
        content_type: that of an image (``image/*``, ``application/x-image``, ``application/octet-stream``) or of JSON.

    Returns:
        One frame as an array (height, width, 3), uint8, BGR, as displayed; a batch as a list of such arrays; a clip as
        one array (frames, height, width, 3).

    Raises:
        ServingError: one of ``ipc_ai_serving.errors``; it becomes the answer unless the hook catches it.
    """
    encoded = _encoded(body)
    if _is_image(content.media_type(content_type, encoded)):
        return frame_reader().of_image(encoded).frames[0]
    document = content.image_or_json(content_type, encoded)
    assert document is not None  # images returned above
    return _arrays(frame_reader().of_document(document))


def frames_in(body: bytes | str, content_type: str) -> Frame | list[Frame] | None:
    """Read as ``read_frames``; None when the body is neither an image nor a JSON object with one of the keys above."""
    if _is_image(content_type):
        return read_frames(body, content_type)
    if content_type != content.JSON_TYPE or body.lstrip()[:1] not in ("{", b"{"):
        return None
    try:
        document = content.json_object(_encoded(body))
    except ClientError:
        return None
    return _arrays(frame_reader().of_document(document)) if any(key in document for key in _KEYS) else None


def _arrays(found: FrameSet) -> Frame | list[Frame]:
    if not found.several:
        return found.frames[0]
    return np.stack(found.frames) if found.mode == "clip" else found.frames


def _encoded(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _is_image(media_type: str) -> bool:
    return media_type.startswith("image/") or media_type in content.IMAGE_TYPES


def _key(document: Mapping[str, Any]) -> str:
    """The one key that holds frames; null counts as absent."""
    sent = [key for key in _KEYS if document.get(key) is not None]
    if len(sent) > 1:
        raise ClientError(f"send only one of the keys {' and '.join(repr(key) for key in sent)}")
    return sent[0] if sent else _ONE[0]


def _uris(document: Mapping[str, Any]) -> list[str]:
    listed = document[_URIS]
    if (
        not isinstance(listed, list)
        or not 1 <= len(listed) <= _MAX_URIS
        or not all(isinstance(uri, str | bytes) for uri in listed)
    ):
        raise ClientError(f"'{_URIS}' must be a list of 1 to {_MAX_URIS} S3 URIs, each s3://BUCKET/KEY")
    # An image sent here by mistake is decoded already. Its first letters go into the message, to show the mistake.
    return [base64.b64encode(uri[:_SHOWN_BYTES]).decode() if isinstance(uri, bytes) else uri for uri in listed]


def _check_sizes(sizes: Sequence[FrameSize]) -> None:
    for number, size in enumerate(sizes):
        if size != sizes[0]:
            first, other = (f"{width} x {height}" for width, height in (sizes[0], size))
            raise ClientError(
                f"the frames of a clip must have one size; frame 0 has {first} pixels, and frame {number} has {other}"
            )


@contextmanager
def _named(number: int) -> Iterator[None]:
    """Name the frame that is refused, of several."""
    try:
        yield
    except ClientError as error:
        raise type(error)(f"frame {number}, counted from 0: {error}") from error


def _fetch(uris: Sequence[str]) -> list[bytes]:
    from ipc_ai_serving.requests.object_store import object_store  # brings S3's client, which few requests need

    with traffic.without_core():
        return object_store().fetch(uris)
