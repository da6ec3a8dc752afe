"""Orientation of a picture from its EXIF, wherever a format keeps it.

EXIF is a TIFF file: TIFF 6.0 section 2. What its orientation means: CIPA DC-008 section 4.6.5.
"""

from __future__ import annotations

import contextlib
import struct

UPRIGHT = 1

_PREFIX = b"EXIF"
_PREFIX_BYTES = 6  # "Exif\0\0" in a JPEG; some programs put it into other formats, and some write it in other letters
_BYTE_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_ORIENTATIONS = range(1, 9)
_ORIENTATION, _LONG = 0x0112, 4  # a tag and a type of TIFF


def orientation(exif: bytes) -> int | None:
    """The orientation in the first directory, with or without the prefix that EXIF has in a JPEG.

    Returns:
        The number as it stands there: 1 to 8, or another one from a broken file. None where there is no EXIF, or no
        orientation in it.
    """
    while exif[:4].upper() == _PREFIX:
        exif = exif[_PREFIX_BYTES:]
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None or len(exif) < 8:
        return None
    (directory,) = struct.unpack_from(f"{order}I", exif, 4)
    if directory + 2 > len(exif):
        return None
    (entries,) = struct.unpack_from(f"{order}H", exif, directory)
    for start in range(directory + 2, min(directory + 2 + 12 * entries, len(exif) - 11), 12):
        tag, kind = struct.unpack_from(f"{order}HH", exif, start)  # then a count, and the value
        if tag == _ORIENTATION:
            value: int = struct.unpack_from(f"{order}{'I' if kind == _LONG else 'H'}", exif, start + 8)[0]
            return value
    return None


def known(orientation: int | None) -> int:
    """The orientation; upright in place of none, and of a number that means nothing."""
    return orientation if orientation is not None and orientation in _ORIENTATIONS else UPRIGHT


def from_raw_profile(text: bytes) -> bytes:
    """Decode EXIF that ImageMagick or ExifTool wrote as text: a name, a length, then hexadecimal digits.

    Each stands in lines of its own, where a name may have several words: ExifTool's is "generic profile".
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = text.split()
    if len(lines) > 2 and lines[1].isdigit():
        words, length = b" ".join(lines[1:]).split(), 0
    else:
        length = next((number for number, word in enumerate(words) if number and word.isdigit()), len(words))
    digits = b"".join(words[length + 1 :])
    with contextlib.suppress(ValueError):
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("latin-1"))
    return b""
