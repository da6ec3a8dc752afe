"""The body of a request, from the socket into one ``bytes``."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn.http.body import Body, LengthReader


class WholeBody(Body):  # type: ignore[misc]
    """A body of known length that is read in one go, as an application that needs all of it does.

    The base class copies a body five times on its way, each time into memory that is new. Here the kernel writes what
    is still to come where it stays; only with what came together with the head it is put together once.
    """

    @classmethod
    def of(cls, body: Any) -> Any:
        """The same body, read faster where its length is known."""
        return cls(body.reader) if type(body) is Body and isinstance(body.reader, LengthReader) else body

    def read(self, size: int | None = None) -> bytes:
        """All that is left when no size is given or so much is asked for; less when the client stopped sending.

        Raises:
            OSError: nothing came for as long as the socket waits.
        """
        left: int = self.reader.length
        everything = size is None or size < 0 or size >= left
        if not everything or not left or self.buf.tell():
            part: bytes = super().read(size)
            return part
        self.failed = True  # until all is here, nobody knows where the next request starts
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
