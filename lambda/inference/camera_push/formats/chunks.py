"""Chunks of HTTP's chunked transfer that an upstream left in a body (RFC 9112, 7.1)."""

from __future__ import annotations

import io
import re

from camera_push.formats import limits

_HEAD = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r\n")


def joined(body: bytes) -> bytes:
    """The body without the lines between its chunks; a body without such lines comes back as it is.

    A body that is cut off in its first chunk stays, too: its pictures are found by their bytes all the same.
    """
    whole = io.BytesIO()
    view = memoryview(body)
    position = 0
    for count in range(limits.ELEMENTS):
        head = _HEAD.match(body, position)
        if head is None:
            return whole.getvalue() if count > 1 and position >= len(body) else body
        size = int(head[1], 16)
        if size == 0:
            return whole.getvalue()
        end = min(head.end() + size, len(body))
        if body[end : end + 2] not in (b"\r\n", b"\r", b""):
            return body
        whole.write(view[head.end() : end])
        position = end + 2
    return body
