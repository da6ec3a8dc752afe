"""Small pictures, and bodies of cameras around them."""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from camera_push import opening
from camera_push.envelope import Envelope
from camera_push.push import Sent


@functools.cache
def picture(form: str = "JPEG", size: int = 24, **options: Any) -> bytes:
    """A picture of noise in a form of Pillow's; noise of more than a few KB when ``size`` is in the hundreds."""
    noise = np.random.default_rng(size).integers(0, 255, (size, size, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(noise).save(written, form, **options)
    return written.getvalue()


def part(content: bytes, *headers: str, line: bytes = b"\r\n") -> bytes:
    """A part: its headers, an empty line and its content."""
    return b"".join(header.encode() + line for header in headers) + line + content


def multipart(*parts: bytes, boundary: str = "boundary", line: bytes = b"\r\n", is_closed: bool = True) -> bytes:
    """A multipart body."""
    delimiter = b"--" + boundary.encode()
    body = b"".join(delimiter + line + part + line for part in parts)
    return body + delimiter + b"--" + line if is_closed else body


def opened(body: bytes, content_type: str | None = None, **headers: str) -> Envelope:
    """The envelope of a POST."""
    return opening.opened(sent(body, content_type, headers))


def sent(body: bytes, content_type: str | None = None, headers: Mapping[str, str] | None = None) -> Sent:
    """A POST; underscores in names of headers are dashes."""
    all_headers = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    return Sent("POST", headers=all_headers | ({"content-type": content_type} if content_type else {}), body=body)


def bodies(envelope: Envelope) -> list[bytes]:
    """The pictures' bytes, in their order."""
    return [found.body for found in envelope.pictures]


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one segment more, behind its SOI."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]
