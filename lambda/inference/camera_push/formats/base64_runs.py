"""Pictures in base64, cut out of a text before it is parsed.

What stands in their place is small, so a parser copies no picture. A text of 5 MB is looked at in one search for runs
of base64's characters; those that are long, or begin like a picture, are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pybase64

from camera_push.formats import limits, pictures
from camera_push.push import UnreadableError

_LEAST = 40  # characters: the smallest picture, a WebP of one pixel, takes more
_LONG = 1024  # characters: no word or key is so long
_HEAD = 256  # characters that tell how a run begins
_PREFIX = re.compile(rb"data:[^,\"'<>\s]{0,100},\s{0,8}$", re.IGNORECASE)
_PREFIX_WITHIN = re.compile(rb"data(?::|%3A)[^,]{0,100}?(?:,|%2C)", re.IGNORECASE)
_PIECE = 64 * 1024
_ESCAPE_BYTES = 6  # of the longest, \\u002f
_REST_BYTES = 3  # of a run behind its picture
_DAMAGED = "the base64 of the picture is damaged"
_ESCAPES = 8  # backslashes of JSON in JSON
_PREFIX_BYTES = 128
_COMMA = re.compile(rb",|%2C", re.IGNORECASE)
# From a broken picture to the end of the value in which it stands.
_REST = {
    form: re.compile(rest)
    for form, rest in (("json", rb"[^\"<>{}\[\]]*"), ("xml", rb"[^<\]]*"), ("pairs", rb"[^&\s]*"))
}
# A cheap look at how all pictures begin: as they are, or behind an escape, white space or `data:`.
_MAY_BEGIN = re.compile(rb"[\s\\&%d]|[/_]9j|iVBOR|UklGR|Qk|R0lGO|SUkq|TU0A|AAAA")
_NAMED = re.compile(rb"&(?!#)")
# By the form of a text: the characters of base64, both alphabets, and those by which the form writes or wraps them.
_CHARACTERS = {
    "json": rb"[A-Za-z0-9+/_\\\r\n\t -]",
    "xml": rb"[A-Za-z0-9+/_&#;\r\n\t -]",
    "pairs": rb"[A-Za-z0-9+/_%\r\n-]",
}
_RUNS = {form: (re.compile(c + rb"{%d,}={0,2}" % _LEAST)) for form, c in _CHARACTERS.items()}
_LATER_RUNS = {form: re.compile(rb"(?<!%s)%s" % (c, _RUNS[form].pattern)) for form, c in _CHARACTERS.items()}
_WRITTEN = {
    b"\\": ((rb"\r", b""), (rb"\n", b""), (rb"\t", b""), (rb"\u002b", b"+"), (rb"\u002B", b"+"), (rb"\u002f", b"/"),
            (rb"\u002F", b"/"), (rb"\u003d", b"="), (rb"\u003D", b"=")),
    b"%": ((b"%2B", b"+"), (b"%2b", b"+"), (b"%2F", b"/"), (b"%2f", b"/"), (b"%3D", b"="), (b"%3d", b"="),
           (b"%0D", b""), (b"%0d", b""), (b"%0A", b""), (b"%0a", b"")),
    b"&": ((b"&#13;", b""), (b"&#10;", b""), (b"&#xD;", b""), (b"&#xA;", b""), (b"&#xd;", b""), (b"&#xa;", b"")),
}  # fmt: skip
_ALPHABET = bytes.maketrans(b"-_", b"+/")
_WRAPPING = b"\r\n\t \\"
_TO_TRANSLATE = tuple(bytes([mark]) for mark in _WRAPPING + b"-_")
_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9+/]")
_PLACE = b"picture:"
_SEPARATOR = re.compile(rb"[,;| ]{0,2}")  # of several pictures in one string


class Cut(NamedTuple):
    """The pictures of a run of base64, each behind the number of its first byte, and the faults of broken ones."""

    pictures: list[tuple[int, bytes]]
    faults: list[str]


def reduced(body: bytes, start: int, end: int, form: str, keep: Callable[[Cut], bytes], room: int) -> bytes:
    """The text between two positions, with what ``keep`` returns for it in the place of each picture in base64.

    A long run that holds no picture is replaced by ``base64:LENGTH``.

    Args:
        body: the bytes in which the text stands.
        start: its first byte.
        end: the byte behind its last.
        form: ``json``, ``xml`` or ``pairs``; the last for every other text.
        keep: takes what was found, and returns what stands for it in the text.
        room: the most bytes that may be left.

    Raises:
        UnreadableError: more is left.
    """
    kept: list[bytes] = []
    position, size, was_picture = start, 0, False
    run = _RUNS[form].match(body, start, end) or _LATER_RUNS[form].search(body, start, end)
    while run and size + run.start() - position <= room:
        begin, stop = run.start(), _stop(body, run, form, end)
        held = _held(body, begin, stop)
        if held is not None:
            prefix = _PREFIX.search(body, max(position, begin - _PREFIX_BYTES), begin)
            if held.faults:
                stop = _before_escapes(body, rest.end(), form) if (rest := _REST[form].match(body, stop, end)) else stop
            word = keep(held) if held.pictures or held.faults else b"base64:%d" % (stop - begin)
            is_cut = bool(held.pictures or held.faults)
            between = body[position : prefix.start() if prefix and is_cut else begin]
            is_picture = word.startswith(_PLACE)
            if is_picture and was_picture and _SEPARATOR.fullmatch(between):
                between, word = b",", word.removeprefix(_PLACE)
            was_picture = is_picture
            kept += [between, word]
            size += len(kept[-2]) + len(word)
            position = stop
        run = _LATER_RUNS[form].search(body, max(stop, begin + _LEAST), end)
    if size + end - position > room:
        raise UnreadableError(
            f"the texts of the push have more than {limits.TEXT_BYTES:,} bytes without their pictures; send pictures "
            "in standard base64, or as parts of their own"
        )
    kept.append(body[position:end])
    return b"".join(kept)


def _stop(body: bytes, run: re.Match[bytes], form: str, end: int) -> int:
    """The byte behind a run, which may have taken some of what follows it."""
    stop = _before_escapes(body, run.end(), form)
    if form == "xml":  # a character by its name, such as &quot;
        named = _NAMED.search(body, run.start(), stop)
        stop = named.start() if named else stop
    elif form == "pairs" and body[stop - 1] == ord("=") and stop < end and body[stop] not in b"=&\r\n":
        # The key of the next line.
        line = max(body.rfind(b"\n", run.start(), stop), body.rfind(b"\r", run.start(), stop))
        stop = line if line > run.start() else stop
    return stop


def _before_escapes(body: bytes, stop: int, form: str) -> int:
    """The end of a run without the backslashes of an escaped quotation mark behind it."""
    for _ in range(_ESCAPES if form == "json" else 0):
        stop -= body[stop - 1] == ord("\\")
    return stop


def _held(body: bytes, begin: int, stop: int) -> Cut | None:
    """What a run holds; None where it is no picture, and short."""
    if stop - begin < _LONG and not _MAY_BEGIN.match(body, begin):
        return None
    head = _plain(body[begin : min(stop, begin + _HEAD)])
    if within := _PREFIX_WITHIN.match(head):
        begin += len(_COMMA.split(body[begin : begin + _HEAD], 1)[0]) + len(b"," if b"," in within[0] else b"%2C")
        head = _plain(body[begin : min(stop, begin + _HEAD)])
    if not head:
        return None
    first = _NOT_PLAIN.search(head)
    head = head[: first.start() if first else None]
    if not pictures.begins(pybase64.b64decode(head[: len(head) // 4 * 4])):
        return Cut([], []) if stop - begin >= _LONG and b" " not in body[begin : begin + _HEAD] else None
    try:
        return _cut(_decoded(body, begin, stop))
    except ValueError:
        return Cut([], [_DAMAGED])


def _cut(pieces: list[tuple[bytes, bool]]) -> Cut:
    """Pictures in decoded runs.

    Where padding does not fit, a character may be missing, by which all that follows is another picture. The last one
    then counts only if it fills its run.
    """
    held = Cut([], [])
    for piece, is_exact in pieces:
        last = None
        for found in pictures.found(piece, 0, len(piece)):
            last = found
            if found.fault is None:
                held.pictures.append((found.start, piece[found.start : found.end]))
            else:
                held.faults.append(found.fault)
        if last and last.fault is None and not is_exact and len(piece) - last.end > _REST_BYTES:
            held.pictures.pop()
            held.faults.append(_DAMAGED)
    return held


def _decoded(body: bytes, begin: int, stop: int) -> list[tuple[bytes, bool]]:
    """Decode a run, and tell of each piece that its padding fits.

    Pictures whose base64 was padded, and put behind one another, are pieces.

    Raises:
        ValueError: it is not base64.
    """
    plain_stop = stop
    while body[plain_stop - 1] == ord("="):
        plain_stop -= 1
    if not _NOT_PLAIN.search(body, begin, plain_stop):
        return [(_padded(memoryview(body)[begin:plain_stop]), (stop - begin) % 4 == 0)]
    run = _unwrapped(body, begin, stop)
    is_exact = len(run) % 4 == 0
    while run.endswith(b"="):
        run.pop()
    if b"=" in run:
        if run.count(b"=") > 2 * limits.PICTURES:
            raise ValueError
        return [(_padded(memoryview(piece)), True) for piece in run.split(b"=") if piece]
    if len(run) % 4 == 1:
        run.pop()
    run += b"=" * (-len(run) % 4)
    return [(pybase64.b64decode(run, validate=True), is_exact)]


def _padded(run: memoryview) -> bytes:
    """Decode base64 without its padding; a single character more, which a cut leaves, means nothing."""
    whole = len(run) // 4 * 4
    rest = bytes(run[whole:])
    decoded = pybase64.b64decode(run[:whole], validate=True)
    return decoded + pybase64.b64decode(rest + b"=" * (4 - len(rest)), validate=True) if len(rest) > 1 else decoded


def _unwrapped(body: bytes, begin: int, stop: int) -> bytearray:
    """A whole run in plain base64. It goes piece by piece, and no piece ends within an escape."""
    whole = bytearray()
    while begin < stop:
        end = min(stop, begin + _PIECE)
        if end < stop:
            escape = max(body.rfind(mark, end - _ESCAPE_BYTES, end) for mark in _WRITTEN)
            end = escape if escape > begin else end
        whole += _plain(body[begin:end])
        begin = end
    return whole


def _plain(run: bytes) -> bytes:
    """A run without the marks by which JSON, XML and forms write or wrap it, in the standard alphabet."""
    for mark, writings in _WRITTEN.items():
        if mark in run:
            for written, meant in writings:
                run = run.replace(written, meant)
    return run.translate(_ALPHABET, _WRAPPING) if any(mark in run for mark in _TO_TRANSLATE) else run
