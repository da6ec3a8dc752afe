"""Bodies that were sent as gzip, zlib or raw deflate, unpacked within a bound."""

from __future__ import annotations

import io
import zlib

from camera_push.formats import limits
from camera_push.push import UnreadableError

_GZIP_START = b"\x1f\x8b\x08"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits
_ZLIB_START, _ZLIB_CHECK = 0x78, 31  # deflate with its largest window, as all pack; RFC 1950, 2.2
_PIECE = 16 * 1024
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
        unpacked = _by_its_first_bytes(body, encoding)
        if unpacked is None:
            break
        body = unpacked
    else:
        return body
    if is_gzip(body, 0) and "gzip" in encoding:
        raise UnreadableError("the body's gzip is damaged; send it again, or send it plain")
    return (_whole(body, _RAW) if "deflate" in encoding else None) or body


def is_gzip(body: bytes, at: int) -> bool:
    """True where a gzip begins."""
    return body.startswith(_GZIP_START, at)


def guessed(body: bytes) -> bytes | None:
    """Unpack raw deflate that no header announces; None where the body is none, to its last byte.

    Raises:
        UnreadableError: it unpacks to more than ``limits.INFLATED_BYTES``.
    """
    return _whole(body, _RAW)


def _by_its_first_bytes(body: bytes, encoding: str) -> bytes | None:
    """Unpack gzip and zlib; None for all else. Words may begin like a zlib, so without a header its end must fit."""
    if is_gzip(body, 0):
        return _bounded(body, _GZIP)[0] or None
    if len(body) > 2 and body[0] == _ZLIB_START and int.from_bytes(body[:2]) % _ZLIB_CHECK == 0:
        return (_bounded(body, _ZLIB)[0] or None) if "deflate" in encoding else _whole(body, _ZLIB)
    return None


def _whole(body: bytes, window: int) -> bytes | None:
    unpacked, used = _bounded(body, window)
    return unpacked if unpacked and used is not None and not body[used:].strip(b"\0\r\n") else None


def _bounded(body: bytes, window: int) -> tuple[bytes | None, int | None]:
    """What a body unpacks to, and how much of it was used; None for damage, and for an end that has not come.

    It goes piece by piece, since zlib reserves more memory than it fills.
    """
    unpacker = zlib.decompressobj(window)
    unpacked = io.BytesIO()
    view = memoryview(body)
    for start in range(0, len(body), _PIECE):
        piece = view[start : start + _PIECE]
        try:
            unpacked.write(unpacker.decompress(piece, limits.INFLATED_BYTES + 1 - unpacked.tell()))
        except zlib.error:
            return None, None
        if unpacked.tell() > limits.INFLATED_BYTES:
            raise UnreadableError(
                f"the body unpacks to more than {limits.INFLATED_BYTES:,} bytes; send smaller or fewer pictures"
            )
        if unpacker.eof:
            return unpacked.getvalue(), start + len(piece) - len(unpacker.unused_data)
    return unpacked.getvalue(), None
