"""Takes no further connection on a socket that listens, and keeps those that are in its queue."""

from __future__ import annotations

import contextlib
import ctypes
import socket

# linux/filter.h and asm-generic/socket.h
_SO_ATTACH_FILTER = 26
_RETURN = 0x06


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def refuse_further(listener: socket.socket) -> None:
    """Lets the kernel drop what arrives for the socket, in every process that has it.

    Whoever would still connect between a last look into the queue and the socket's closing is not accepted first and
    reset then, but tries again a second later and finds the port closed. A kernel that does not do this leaves the gap.
    """
    drop_all = _Instruction(_RETURN, 0, 0, 0)  # zero bytes of every packet pass
    program = _Filter(1, ctypes.pointer(drop_all))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))
