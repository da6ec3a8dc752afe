"""Size of an image from its header, and a check that the file is whole, before any pixel is decoded.

Structure of the formats: ITU-T T.81 annex B (JPEG markers), RFC 9649 (WebP), Microsoft's BITMAPFILEHEADER and
BITMAPINFOHEADER, and TIFF 6.0 section 2 (the format of EXIF). PNG has a module of its own, ``png_chunks``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ipc_ai_serving.decoding import png_chunks
from ipc_ai_serving.errors import InvalidImageError

_NO_MARKER, _START_OF_SCAN = 0x00, 0xDA
_EXIF_SEGMENT, _EXIF = 0xE1, b"Exif\x00\x00"
_END_OF_IMAGE = b"\xff\xd9"
# Start-of-frame markers carry the size; C4, C8 and CC in that range mean something else.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: TEM, RST0-RST7, SOI.
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Baseline, extended and arithmetic frames have each component in one scan; decoders stop after a scan that has all.
_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
_UNCOMPRESSED = 0
# OpenCV keeps all EXIF segments and walks them again for each new one, in quadratic time. Encoders write a few dozen.
_MOST_SEGMENTS = 4096

_BYTE_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_ORIENTATION, _SHORT = 0x0112, 3  # a tag and a type of TIFF
_UPRIGHT, _ORIENTATIONS = 1, range(1, 9)
# An animation has a chunk a picture. Reading stops here, so that a file of tiny chunks costs little.
_MAX_CHUNKS = 4096


@dataclass(frozen=True)
class Size:
    """Pixels as encoded, before any EXIF orientation.

    Attributes:
        width, height: in pixels.
        passes: times that a decoder goes over all pixels: the scans of a JPEG, 1 for other formats.
        reducible: True for an upright JPEG, which a decoder can decode at a fraction of its size for less work.
    """

    width: int
    height: int
    passes: int = field(default=1, compare=False)
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


def is_webp(body: bytes) -> bool:
    """Tell by the first bytes if it is a WebP."""
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def webp_orientation(body: bytes) -> int:
    """The EXIF orientation of a WebP, 1 to 8 (CIPA DC-008, tag 0x0112); 1, upright, where it has none.

    It never raises: a picture with broken EXIF counts as one without.
    """
    exif = next((content for name, content in _webp_chunks(body) if name == b"EXIF"), b"")
    # Some encoders put the prefix here that EXIF has in a JPEG.
    return _tiff_orientation(exif.removeprefix(_EXIF))


def _reader(body: bytes) -> Callable[[bytes], Size] | None:
    if is_webp(body):
        return _webp
    return next((reader for signature, reader in _READERS.items() if body.startswith(signature)), None)


def _jpeg(body: bytes) -> Size:
    """Walk the segments up to the first scan, then look for the end marker behind it.

    A thumbnail inside an EXIF segment is passed over with its segment, and inside a scan 0xFF is
    always followed by 0x00 or a restart marker, so the end marker found is that of the image itself.
    """
    size: Size | None = None
    upright = True
    in_one_scan = b""  # byte of the number of components, which frame and scan share if there is one scan
    position = 2
    for _ in range(_MOST_SEGMENTS):
        if position + 4 > len(body):
            raise _cut_off("JPEG")
        marker = body[position + 1]
        # Decoders skip to the next marker, and might find another image there than the one that was checked.
        if body[position] != 0xFF or marker == _NO_MARKER:
            raise InvalidImageError("the JPEG is corrupt: a marker is missing; send it again or check the encoder")
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        if marker == _START_OF_SCAN:
            if size is None:
                raise InvalidImageError("the JPEG is corrupt: it has no frame header; check the encoder")
            if body.rfind(_END_OF_IMAGE, position) < 0:
                raise InvalidImageError("the JPEG is truncated: its end marker is missing; send the whole file")
            if _count_markers(body, position, _EXIF_SEGMENT) > _MOST_SEGMENTS:
                break
            single = body[position + 4 : position + 5] == in_one_scan
            passes = 1 if single else _count_markers(body, position, _START_OF_SCAN)
            return replace(size, passes=passes, reducible=upright)
        (length,) = struct.unpack_from(">H", body, position + 2)
        if marker in _START_OF_FRAME and position + 9 <= len(body):
            height, width = struct.unpack_from(">HH", body, position + 5)
            size = Size(width, height)
            in_one_scan = body[position + 9 : position + 10] if marker in _SEQUENTIAL else b""
        if marker == _EXIF_SEGMENT and body[position + 4 : position + 8].upper() == b"EXIF":
            tiff = body[position + 4 + len(_EXIF) : position + 2 + max(length, 2)]
            upright = upright and _tiff_orientation(tiff, doubtful=0) == _UPRIGHT
        position += 2 + max(length, 2)
    raise InvalidImageError(f"the JPEG has more than {_MOST_SEGMENTS} segments; write fewer of them")


def _count_markers(body: bytes, start: int, marker: int) -> int:
    """Count a marker from ``start`` on, in a fifth of the time that ``bytes.count`` takes.

    A scan contains no markers but restarts. Tables between scans, and bytes behind the end, may contain the marker
    by chance, which makes the count too high and never too low.
    """
    wanted = np.uint16(marker << 8 | 0xFF)  # both bytes as a little-endian number
    pairs = (np.frombuffer(body, "<u2", (len(body) - first) // 2, first) for first in (start, start + 1))
    return sum(int(np.count_nonzero(pair == wanted)) for pair in pairs)


def _png(body: bytes) -> Size:
    return Size(*png_chunks.size(body))


def _webp(body: bytes) -> Size:
    """Read the size from the first chunk, whose three kinds each have it in another place."""
    (length,) = struct.unpack_from("<I", body, 4)
    if len(body) < max(length + 8, 30):
        raise InvalidImageError("the WebP is truncated: it is shorter than it says; send the whole file")
    chunk = body[12:16]
    if chunk == b"VP8X":
        return Size(int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1)
    if chunk == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)
    raise InvalidImageError("the WebP is corrupt: its first chunk is unknown; check the encoder")


def _webp_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the chunks that ``body`` has in full. Each is padded to an even number of bytes."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(body):
            return
        name, length = struct.unpack_from("<4sI", body, position)
        start = position + 8
        if start + length <= len(body):
            yield name, body[start : start + length]
        position = start + length + length % 2


def _tiff_orientation(tiff: bytes, doubtful: int = _UPRIGHT) -> int:
    """The orientation in the first directory: entries of 12 bytes, each a tag, a type, a count and a value.

    It is ``doubtful`` where the bytes break the standard, because other readers may understand them.
    """
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return doubtful
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    if directory + 2 > len(tiff):
        return doubtful
    (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
    for start in range(directory + 2, min(directory + 2 + 12 * entries, len(tiff) - 11), 12):
        tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, start)
        if tag == _ORIENTATION:
            return value if kind == _SHORT and count == 1 and value in _ORIENTATIONS else doubtful
    return _UPRIGHT


def _bmp(body: bytes) -> Size:
    if len(body) < 34:
        raise _cut_off("BMP")
    (start,) = struct.unpack_from("<I", body, 10)
    width, height, _, depth, compression = struct.unpack_from("<iiHHI", body, 18)
    row_bytes = (abs(width) * depth + 31) // 32 * 4
    if compression == _UNCOMPRESSED and len(body) < start + row_bytes * abs(height):
        raise InvalidImageError("the BMP is truncated: it is shorter than it says; send the whole file")
    return Size(abs(width), abs(height))


def _cut_off(name: str) -> InvalidImageError:
    return InvalidImageError(f"the {name} is truncated: it ends inside its header; send the whole file")


_READERS: dict[bytes, Callable[[bytes], Size]] = {
    b"\xff\xd8\xff": _jpeg,
    png_chunks.SIGNATURE: _png,
    b"BM": _bmp,
}
