"""Checks of a PNG's chunks before a decoder gets them.

OpenCV 4.11 allocates as many bytes as any chunk claims to have, gigabytes for a small file. It inflates unused texts
and data beyond the picture, and a broken animation ends the process (github.com/opencv/opencv/issues/27744).
Structure: the PNG specification, third edition, sections 5 and 11.2.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator

from ipc_ai_serving.decoding.exif import from_raw_profile
from ipc_ai_serving.errors import InvalidImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = b"\x00\x00\x00\rIHDR"
_DATA, _END = b"IDAT", b"IEND"
_OF_THE_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", _DATA, b"eXIf", _END})
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by colour type
_PIECE = 1 << 20
# EXIF as text, before PNG had a chunk for it: some programs still write it so.
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PROFILES = frozenset({b"raw profile type exif", b"raw profile type app1"})
_LONGEST_KEYWORD, _MOST_PROFILES, _MOST_OF_A_PROFILE = 79, 4, 1 << 18
_BESIDE_DATA = 12  # bytes of a chunk: its length, its name, and a checksum behind the data
_MOST = 65536
"""Most chunks of a file. Encoders put 8 KiB and more into one; a file of empty ones would take seconds."""


def size(png: bytes) -> tuple[int, int]:
    """Read width and height, and check that all chunks are there.

    Raises:
        InvalidImageError: the file is cut off, has too many chunks, or does not start with its only header.
    """
    headers = sum(name == _HEADER[4:] for name, _ in _chunks(png))
    if headers != 1 or png[len(SIGNATURE) : len(SIGNATURE) + len(_HEADER)] != _HEADER:
        raise InvalidImageError("the PNG is corrupt: it does not start with its only header; check the encoder")
    width, height = struct.unpack_from(">II", png, len(SIGNATURE) + len(_HEADER))
    return width, height


def exif_blocks(png: bytes) -> Iterator[bytes]:
    """EXIF of a PNG, from its own chunk and from texts that hold it in hexadecimal digits, in order."""
    texts = []
    for name, where in _chunks(png):
        if name == b"eXIf":
            yield png[where.start + 8 : where.stop - 4]
        elif name in _TEXTS and _is_profile(png, where):
            texts.append((name, where))
    for name, where in texts[:_MOST_PROFILES]:
        with contextlib.suppress(zlib.error):
            yield from_raw_profile(_text(name, png[where.start + 8 : where.stop - 4]))


def still(png: bytes) -> bytes:
    """Reduce a PNG to its still picture and its EXIF; return the same object where there is nothing else.

    Raises:
        InvalidImageError: the data are far longer than the picture.
    """
    chunks = list(_chunks(png))
    kept = [(name, where) for name, where in chunks if name in _OF_THE_PICTURE]
    _check_data(png, [where for name, where in kept if name == _DATA])
    if len(kept) == len(chunks) and kept[-1][1].stop == len(png):
        return png
    return b"".join([SIGNATURE, *(png[where] for _, where in kept)])


def _is_profile(png: bytes, chunk: slice) -> bool:
    start = chunk.start + 8
    return png[start : start + _LONGEST_KEYWORD].partition(b"\x00")[0].lower() in _PROFILES


def _text(name: bytes, data: bytes) -> bytes:
    """The text behind the keyword, as long as EXIF may be."""
    text = data.partition(b"\x00")[2]
    if name == b"iTXt":  # flag and method of compression, language, and the keyword in it
        compressed, text = text[:1] == b"\x01", text[2:].split(b"\x00", 2)[-1]
    else:
        compressed, text = name == b"zTXt", text[name == b"zTXt" :]
    return zlib.decompressobj().decompress(text, _MOST_OF_A_PROFILE) if compressed else text[:_MOST_OF_A_PROFILE]


def _check_data(png: bytes, chunks: list[slice]) -> None:
    """Inflate the data piece by piece up to twice the picture's size: a file of megabytes may hold gigabytes."""
    width, height, depth, colour = struct.unpack_from(">IIBB", png, len(SIGNATURE) + len(_HEADER))
    left = 2 * height * (1 + (width * depth * _SAMPLES.get(colour, 4) + 7) // 8) + _PIECE
    inflater = zlib.decompressobj()
    with contextlib.suppress(zlib.error):  # the decoder refuses it
        for where in chunks:
            data = png[where.start + 8 : where.stop - 4]
            while data and not inflater.eof:
                left -= len(inflater.decompress(data, _PIECE))
                if left < 0:
                    raise InvalidImageError("the PNG is corrupt: it holds more than its picture; check the encoder")
                data = inflater.unconsumed_tail


def _chunks(png: bytes) -> Iterator[tuple[bytes, slice]]:
    """Name and place of each chunk up to the end of the picture; bytes behind it are ignored."""
    position = len(SIGNATURE)
    for _ in range(_MOST):
        if position + _BESIDE_DATA > len(png):
            break
        length, name = struct.unpack_from(">I4s", png, position)
        start, position = position, position + _BESIDE_DATA + length
        if position > len(png):
            break
        yield name, slice(start, position)
        if name == _END:
            return
    else:
        raise InvalidImageError(f"the PNG has more than {_MOST} chunks; use fewer and larger ones")
    raise InvalidImageError(
        "the PNG is truncated: a chunk does not end, or its end chunk is missing; send the whole file"
    )
