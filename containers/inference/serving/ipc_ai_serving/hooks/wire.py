"""Messages between a worker and the process of a user's program, over a socket.

A body of megabytes is written and read as it is: pickled it would be copied several times on the way.
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

_HEAD = struct.Struct("!QQ")


def send(connection: socket.socket, message: Any, body: bytes = b"") -> None:
    """Send a message and a body.

    Raises:
        OSError: the other side has gone.
    """
    pickled = pickle.dumps(message)
    connection.sendall(_HEAD.pack(len(pickled), len(body)) + pickled)
    connection.sendall(body)


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
