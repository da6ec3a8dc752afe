"""A request opened: its body unpacked, and its parts found."""

from __future__ import annotations

from camera_push.contents import Contents
from camera_push.envelope import Envelope
from camera_push.formats import chunks, inflation, limits, multipart, part_headers
from camera_push.formats.part_headers import PartHeaders
from camera_push.push import Sent, UnreadableError

_UNREAD_ENCODINGS = ("br", "zstd", "compress")


def opened(sent: Sent) -> Envelope:
    """Open a request.

    Raises:
        UnreadableError: the body must not be read, or is more than ``formats.limits`` allows.
    """
    encoding = sent.headers.get("content-encoding", "").strip().lower()
    headers = PartHeaders.of(sent.headers)
    body = chunks.joined(inflation.inflated(sent.body, encoding))
    contents = Contents()
    _open(contents, body, 0, len(body), headers, depth=0)
    if contents.is_unread and contents.is_empty:
        plain = inflation.guessed(body)
        if plain:
            contents = Contents()
            _open(contents, plain, 0, len(plain), headers, depth=0)
        elif encoding in _UNREAD_ENCODINGS:
            raise UnreadableError(f"the body is packed as {encoding!r}; send it plain, as gzip or as deflate")
    return contents.envelope()


def _open(contents: Contents, body: bytes, start: int, end: int, headers: PartHeaders, *, depth: int) -> None:
    """Open a body, or a part that may have parts of its own."""
    delimiting = None
    if depth < limits.NESTED_MULTIPARTS and (depth == 0 or headers.is_multipart):
        boundary = part_headers.parameter(headers.content_type, "boundary")
        delimiting = multipart.delimiter(body, start, end, boundary, is_declared=headers.is_multipart)
    if delimiting is None:
        contents.take(body, start, end, headers)
        return
    for part in multipart.parts(body, start, end, delimiting):
        inner, first = part_headers.read(body, part.start, part.end)
        if part.is_between:
            _open(contents, body, first, part.end, inner, depth=depth + 1)
        else:
            contents.take(body, first, part.end, inner, is_beside=True)
