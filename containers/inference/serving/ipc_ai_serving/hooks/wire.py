"""Messages between a worker and the process of a user's program, over a socket.

A body of megabytes is written and read as it is: pickled it would be copied several times on the way.
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

_HEAD = struct.Struct("!QQ")
_ROOM_BYTES = 8 * 1024 * 1024


def pair() -> tuple[socket.socket, socket.socket]:
    """Create both ends, with as much room for a body under way as the kernel gives."""
    ends = socket.socketpair()
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM_BYTES)
    return ends


def send(connection: socket.socket, message: Any, body: bytes = b"") -> None:
    """Send a message and a body.

    Raises:
        OSError: the other side has gone.
    """
    pickled = pickle.dumps(message)
    head = _HEAD.pack(len(pickled), len(body)) + pickled
    sent = connection.sendmsg([head, body])  # at once: each part would wake the other side
    for part in (head, body):
        if sent < len(part):
            connection.sendall(memoryview(part)[sent:])
        sent = max(0, sent - len(part))


def receive(connection: socket.socket) -> tuple[Any, bytes]:
    """Receive a message and a body.

    Raises:
        EOFError: the other side has gone.
        OSError: it has gone in the middle of one.
    """
    length, body_length = _HEAD.unpack(_read(connection, _HEAD.size))
    message = pickle.loads(_read(connection, length))  # noqa: S301 (both sides are this program)
    return message, _read(connection, body_length)


def _read(connection: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = connection.recv(length, socket.MSG_WAITALL)
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
