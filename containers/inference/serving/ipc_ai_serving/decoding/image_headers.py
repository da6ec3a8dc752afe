"""Size and orientation of an image from its header, and a check that the file is whole, before it is decoded.

Structure of the formats: RFC 9649 (WebP), and Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER with
its successors. ``jpeg``, ``png_chunks`` and ``exif`` have the others.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ipc_ai_serving.decoding import exif, jpeg, png_chunks
from ipc_ai_serving.errors import InvalidImageError

_UNCOMPRESSED = 0
_OS2_HEADER, _LEAST_HEADER = 12, 36  # bytes of a BMP's header: that of OS/2, and as much as OpenCV reads of others
# An animation has a chunk a picture. Reading stops here, so that a file of tiny chunks costs little.
_MAX_CHUNKS = 4096


@dataclass(frozen=True)
class Size:
    """Pixels as encoded, before any EXIF orientation.

    Attributes:
        width, height: in pixels.
        passes: times that a decoder goes over all pixels: the scans of a JPEG, 1 for other formats.
        orientation: how to display it, 1 to 8, CIPA DC-008 section 4.6.5; 1 is upright.
        reducible: True for an upright JPEG, which a decoder can decode at a fraction of its size for less work.
    """

    width: int
    height: int
    passes: int = field(default=1, compare=False)
    orientation: int = field(default=exif.UPRIGHT, compare=False)
    reducible: bool = field(default=False, compare=False)


def is_image(body: bytes) -> bool:
    """Tell by the first bytes if the format is one that is decoded."""
    return _reader(body) is not None


def read_size(body: bytes) -> Size:
    """Read the size from the header.

    Raises:
        InvalidImageError: an unknown format, a file that is cut off, or a header without a size.
    """
    reader = _reader(body)
    if reader is None:
        what = "the image is empty" if not body else "the bytes are not a JPEG, PNG, WebP or BMP image"
        raise InvalidImageError(f"{what}; send one of these formats: JPEG, PNG, WebP, BMP")
    return reader(body)


def is_png(body: bytes) -> bool:
    """Tell by the first bytes if it is a PNG."""
    return body.startswith(png_chunks.SIGNATURE)


def is_jpeg(body: bytes) -> bool:
    """Tell by the first bytes if it is a JPEG."""
    return body.startswith(jpeg.SIGNATURE)


def webp_orientation(body: bytes) -> int:
    """The EXIF orientation of a WebP, 1 to 8; 1, upright, where it has none.

    It never raises: a picture with broken EXIF counts as one without.
    """
    found = next((where for name, where in _webp_chunks(body) if name == b"EXIF"), slice(0))
    return exif.known(exif.orientation(body[found]))


def _reader(body: bytes) -> Callable[[bytes], Size] | None:
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return _webp
    return next((reader for signature, reader in _READERS.items() if body.startswith(signature)), None)


def _jpeg(body: bytes) -> Size:
    found = jpeg.read(body)
    reducible = found.orientation in (None, exif.UPRIGHT)
    orientation = exif.known(found.orientation)
    return Size(found.width, found.height, passes=found.scans, orientation=orientation, reducible=reducible)


def _png(body: bytes) -> Size:
    width, height = png_chunks.size(body)
    found = (exif.orientation(block) for block in png_chunks.exif_blocks(body))
    return Size(width, height, orientation=exif.known(next(filter(None, found), None)))


def _webp(body: bytes) -> Size:
    (length,) = struct.unpack_from("<I", body, 4)
    if len(body) < max(length + 8, 30):
        raise InvalidImageError("the WebP is truncated: it is shorter than it says; send the whole file")
    return Size(*_webp_sides(body), orientation=webp_orientation(body))


def _webp_sides(body: bytes) -> tuple[int, int]:
    """Read the size from the first chunk, whose three kinds each have it in another place."""
    chunk = body[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise InvalidImageError("the WebP is corrupt: its first chunk is unknown; check the encoder")


def _webp_chunks(body: bytes) -> Iterator[tuple[bytes, slice]]:
    """Names and places of the chunks that ``body`` has in full. Each is padded to an even number of bytes."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(body):
            return
        name, length = struct.unpack_from("<4sI", body, position)
        start = position + 8
        if start + length <= len(body):
            yield name, slice(start, start + length)
        position = start + length + length % 2


def _bmp(body: bytes) -> Size:
    if len(body) < 34:
        raise InvalidImageError("the BMP is truncated: it ends inside its header; send the whole file")
    start, header = struct.unpack_from("<II", body, 10)
    if header == _OS2_HEADER:
        width, height, _, depth = struct.unpack_from("<HHHH", body, 18)
        compression = _UNCOMPRESSED
    elif header >= _LEAST_HEADER:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", body, 18)
    else:
        raise InvalidImageError(f"the BMP has an unknown kind of header, of {header} bytes; send a JPEG or PNG")
    row_bytes = (abs(width) * depth + 31) // 32 * 4
    if compression == _UNCOMPRESSED and len(body) < start + row_bytes * abs(height):
        raise InvalidImageError("the BMP is truncated: it is shorter than it says; send the whole file")
    return Size(abs(width), abs(height))


_READERS: dict[bytes, Callable[[bytes], Size]] = {
    jpeg.SIGNATURE: _jpeg,
    png_chunks.SIGNATURE: _png,
    b"BM": _bmp,
}
