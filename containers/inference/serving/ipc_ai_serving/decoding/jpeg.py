"""Headers of a JPEG as libjpeg finds them (jdmarker.c), and a way to tell if its data end before the picture does.

Structure: ITU-T T.81 annex B.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ipc_ai_serving.decoding import exif
from ipc_ai_serving.errors import InvalidImageError

SIGNATURE = b"\xff\xd8\xff"

# Decoders pass over whatever stands before a marker: other bytes, fill bytes, and 0xFF 0x00.
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_END_OF_DATA = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # any marker but restarts
_START_OF_SCAN, _END, _APP1, _HUFFMAN_TABLES = 0xDA, 0xD9, 0xE1, 0xC4
_END_OF_IMAGE = b"\xff\xd9"
# Start-of-frame markers carry the size; C4, C8 and CC in that range mean something else.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: TEM, RST0-RST7, SOI.
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Baseline, extended and arithmetic frames have each component in one scan; decoders stop after a scan that has all.
_SEQUENTIAL, _HUFFMAN = frozenset({0xC0, 0xC1, 0xC9}), frozenset({0xC0, 0xC1})
# OpenCV keeps all EXIF segments and walks them again for each new one, in quadratic time. Encoders write a few dozen.
_MOST_SEGMENTS = 4096

_RESTARTS = [bytes([0xFF, 0xD0 + number]) for number in range(8)]
_SOME_DATA = bytes((73 * number + 181) % 251 for number in range(64))  # any Huffman tables read coefficients there
# An encoder may write some zeros behind the data. A part of this size is more than that.
_LARGE_PART, _LEAST_ZEROS = 32, 64
_END_OF_BLOCK = 0


@dataclass(frozen=True)
class Jpeg:
    """Facts from the headers of a JPEG.

    Attributes:
        width, height: in pixels, as encoded.
        orientation: of its EXIF, as ``exif.orientation`` returns it.
        scans: how often a decoder goes over all pixels.
    """

    width: int
    height: int
    orientation: int | None
    scans: int


def read(body: bytes) -> Jpeg:
    """Walk the segments up to the first scan, then look for the end marker behind it.

    A thumbnail inside an EXIF segment is passed over with its segment, and inside a scan 0xFF is
    always followed by 0x00 or a restart marker, so the end marker found is that of the image itself.

    Raises:
        InvalidImageError: cut off, without a frame header, or with too many segments.
    """
    frame: tuple[int, int] | None = None
    orientation: int | None = None
    in_one_scan = b""  # byte of the number of components, which frame and scan share if there is one scan
    for marker, segment in _segments(body):
        if marker in _START_OF_FRAME and segment.start + 6 <= len(body):
            frame = struct.unpack_from(">HH", body, segment.start + 1)
            in_one_scan = body[segment.start + 5 : segment.start + 6] if marker in _SEQUENTIAL else b""
        elif marker == _APP1 and orientation is None:
            orientation = exif.orientation(body[segment])
        elif marker == _START_OF_SCAN:
            if frame is None:
                raise InvalidImageError("the JPEG is corrupt: it has no frame header; check the encoder")
            if body.rfind(_END_OF_IMAGE, segment.start) < 0:
                raise InvalidImageError("the JPEG is truncated: its end marker is missing; send the whole file")
            if _count_markers(body, segment.start, _APP1) > _MOST_SEGMENTS:
                raise _too_many_segments()
            single = body[segment.start : segment.start + 1] == in_one_scan
            scans = 1 if single else _count_markers(body, segment.start - 4, _START_OF_SCAN)
            height, width = frame
            return Jpeg(width, height, orientation, scans)
    raise AssertionError("segments end with a scan, or an error")


def with_more_data(body: bytes, *, ends_grey: bool) -> bytes | None:
    """Put data where a JPEG may lack some; a decoder ignores them where it has all.

    Args:
        body: a JPEG that ``read`` accepts.
        ends_grey: whether the picture ends in the grey that libjpeg gives to what has no data.

    Returns:
        The JPEG with more data. It decodes to another picture only if this one lacks some: where the picture ends
        grey, or where a 16th or more of the data are zeros that mean no picture. None where neither is so.
    """
    frame, scan = 0, slice(0)
    for marker, segment in _segments(body):
        frame = marker if marker in _START_OF_FRAME else frame
        scan = segment
    if ends_grey:
        end = _END_OF_DATA.search(body, scan.stop)
        at = len(body[: end.start()].rstrip(b"\xff")) if end else None
    else:
        at = _zeros_without_meaning(body, scan, frame)
    if at is None:
        return None
    # A decoder may be in a part that needs more data, or wait for the restart marker of the next one.
    last, number = max((body.rfind(marker, scan.stop, at), number) for number, marker in enumerate(_RESTARTS))
    expected = _RESTARTS[(number + 1) % 8 if last >= 0 else 0]
    return body[:at] + _SOME_DATA + expected + _SOME_DATA + body[at:]


def _zeros_without_meaning(body: bytes, scan: slice, frame: int) -> int | None:
    """A place among zeros that no encoder wrote.

    Zeros are many blocks of one colour if a block's end has the code of zeros. Otherwise they say that every block has
    the same amount of each frequency, which no picture has.
    """
    end = body.rfind(_END_OF_IMAGE)
    zeros = bytes(max(_LEAST_ZEROS, (end - scan.stop) // _LARGE_PART))
    places = range(scan.stop, end - len(zeros), len(zeros))
    at = next((place for place in places if body.startswith(zeros, place)), None)
    if at is None or frame not in _HUFFMAN or _END_OF_DATA.search(body, scan.stop, at):
        return None
    return None if _symbol_of_zeros(body, table=body[scan.start + 2] & 15) == _END_OF_BLOCK else at


def _symbol_of_zeros(body: bytes, *, table: int) -> int:
    """What a Huffman table of coefficients reads in zero bits: its first symbol; that of annex K where it is absent."""
    symbol = 1
    for marker, segment in _segments(body):
        start = segment.start if marker == _HUFFMAN_TABLES else segment.stop
        while start + 17 < segment.stop:
            if body[start] == 0x10 | table:  # of coefficients, with this number
                symbol = body[start + 17]
            start += 17 + sum(body[start + 1 : start + 17])
    return symbol


def _segments(body: bytes) -> Iterator[tuple[int, slice]]:
    """Marker and contents of each segment, the header of the first scan as the last one."""
    position = len(SIGNATURE) - 1
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(body, position)
        if found is None or found.end() + 2 > len(body):
            raise InvalidImageError("the JPEG is truncated: it ends inside its header; send the whole file")
        position, marker = found.end(), body[found.end() - 1]
        if marker in _STANDALONE:
            continue
        if marker == _END:
            raise InvalidImageError("the JPEG is corrupt: its end marker comes before its picture; check the encoder")
        (length,) = struct.unpack_from(">H", body, position)
        start, position = position + 2, position + max(length, 2)
        yield marker, slice(start, position)
        if marker == _START_OF_SCAN:
            return
    raise _too_many_segments()


def _too_many_segments() -> InvalidImageError:
    return InvalidImageError(f"the JPEG has more than {_MOST_SEGMENTS} segments; write fewer of them")


def _count_markers(body: bytes, start: int, marker: int) -> int:
    """Count a marker from ``start`` on, in a fifth of the time that ``bytes.count`` takes.

    A scan contains no markers but restarts. Tables between scans, and bytes behind the end, may contain the marker
    by chance, which makes the count too high and never too low.
    """
    wanted = np.uint16(marker << 8 | 0xFF)  # both bytes as a little-endian number
    pairs = (np.frombuffer(body, "<u2", (len(body) - first) // 2, first) for first in (start, start + 1))
    return sum(int(np.count_nonzero(pair == wanted)) for pair in pairs)
