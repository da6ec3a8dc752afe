"""Bodies of requests, read from the socket into one ``bytes``."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn.http.body import Body, LengthReader


class WholeBody(Body):  # type: ignore[misc]
    """A body of known length that is read in one go, for an application that needs all of it.

    The base class copies a body five times, each time into new memory. Here the kernel writes the missing bytes where
    they stay; they are copied once if a part of the body arrived together with the head.
    """

    @classmethod
    def of(cls, body: Any) -> Any:
        """Wrap a body so that it is read faster, where its length is known."""
        return cls(body.reader) if type(body) is Body and isinstance(body.reader, LengthReader) else body

    def read(self, size: int | None = None) -> bytes:
        """Read the rest if no size is given or the size covers it; less comes back when the client stopped sending.

        Raises:
            OSError: nothing arrived within the socket's timeout.
        """
        left: int = self.reader.length
        everything = size is None or size < 0 or size >= left
        if not everything or not left or self.buf.tell():
            part: bytes = super().read(size)
            return part
        self.failed = True  # before all is here, the start of the next request is unknown
        unreader = self.reader.unreader
        held = unreader.take_buffered()
        unreader.unread(held[left:])
        parts = [held[:left]]
        missing = left - len(parts[0])
        while missing and (part := unreader.sock.recv(missing, socket.MSG_WAITALL)):
            parts.append(part)
            missing -= len(part)
        self.reader.length = missing
        self.failed = missing > 0
        return b"".join(parts)
