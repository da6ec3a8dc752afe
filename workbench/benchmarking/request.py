"""The request that a client would send for a frame, and its answer."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from ipc_ai_catalogue import FACE_COMPARISON
from workbench.camera.sending import media_type
from workbench.errors import BenchmarkError


@dataclass(frozen=True)
class Request:
    """A body and its content type, as they reach the container."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class TimedAnswer:
    """An answer's body, and the time and the processor's time that it took, in milliseconds."""

    body: bytes
    milliseconds: float
    processor_milliseconds: float


def of(frame: Path, application: str) -> Request:
    """The request for a frame; for face comparison it is the source and the target.

    Raises:
        BenchmarkError: the file cannot be read.
    """
    try:
        body = frame.read_bytes()
    except OSError as error:
        raise BenchmarkError(f"cannot read {frame}: {error.strerror}; name an image with --frame") from error
    if application != FACE_COMPARISON:
        return Request(body, media_type(frame))
    text = base64.b64encode(body).decode()
    document = {"source_image_bytes": text, "target_image_bytes": text}
    return Request(json.dumps(document).encode(), "application/json")
