"""Bodies that were sent as gzip, zlib or raw deflate, unpacked within a bound."""

from __future__ import annotations

import zlib

from camera_push.formats import limits
from camera_push.push import UnreadableError

_GZIP_START = b"\x1f\x8b\x08"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits
_LAYERS = 2  # a proxy may pack once more what a camera has packed


def inflated(body: bytes, encoding: str) -> bytes:
    """Unpack a body by its bytes; what is not packed comes back as it is.

    API Gateway unpacks a body and may leave its Content-Encoding, so the header alone decides nothing. A body that is
    cut off gives what has arrived of it.

    Args:
        body: the body.
        encoding: the header Content-Encoding, in lower case; empty without one.

    Raises:
        UnreadableError: it unpacks to more than ``limits.INFLATED_BYTES``, or it is damaged though the header says
            that it is packed.
    """
    for _ in range(_LAYERS):
        if body.startswith(_GZIP_START):
            unpacked = _unpacked(body, _GZIP)
        elif _begins_zlib(body):
            unpacked = _unpacked(body, _ZLIB)
        else:
            unpacked = None
        if unpacked is None:
            break
        body = unpacked
    else:
        return body
    if body.startswith(_GZIP_START) and "gzip" in encoding:
        raise UnreadableError("the body's gzip is damaged; send it again, or send it plain")
    return (_whole_raw(body) if "deflate" in encoding else None) or body


def is_gzip(body: bytes, at: int) -> bool:
    """True where a gzip begins."""
    return body.startswith(_GZIP_START, at)


def guessed(body: bytes) -> bytes | None:
    """Unpack raw deflate that no header announces; None where the body is none, to its last byte.

    Raises:
        UnreadableError: it unpacks to more than ``limits.INFLATED_BYTES``.
    """
    return _whole_raw(body)


def _begins_zlib(body: bytes) -> bool:
    """True for the header of RFC 1950: deflate with a window that exists, and a check of both bytes."""
    return len(body) > 2 and body[0] & 0x0F == 8 and body[0] >> 4 <= 7 and int.from_bytes(body[:2]) % 31 == 0


def _whole_raw(body: bytes) -> bytes | None:
    unpacker = zlib.decompressobj(_RAW)
    unpacked = _bounded(unpacker, body)
    return unpacked if unpacked and unpacker.eof and not unpacker.unused_data.strip(b"\0\r\n") else None


def _unpacked(body: bytes, window: int) -> bytes | None:
    return _bounded(zlib.decompressobj(window), body) or None


def _bounded(unpacker: zlib._Decompress, body: bytes) -> bytes | None:
    """What a body unpacks to; None where it is damaged."""
    try:
        unpacked = unpacker.decompress(body, limits.INFLATED_BYTES + 1)
    except zlib.error:
        return None
    if len(unpacked) > limits.INFLATED_BYTES:
        raise UnreadableError(
            f"the body unpacks to more than {limits.INFLATED_BYTES:,} bytes; send smaller or fewer pictures"
        )
    return unpacked
