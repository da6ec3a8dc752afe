"""Contents of a push as they are found: bodies and parts without parts of their own give pictures and documents."""

from __future__ import annotations

import binascii
import re
from typing import Any

from camera_push.documents import Document, Form
from camera_push.envelope import Envelope, FoundPicture
from camera_push.formats import (
    base64_runs,
    fields,
    inflation,
    json_documents,
    limits,
    pairs,
    pictures,
    text,
    xml_documents,
)
from camera_push.formats.part_headers import PartHeaders
from camera_push.push import UnreadableError

_BLANK = re.compile(rb"[\s\0]*(?:\xef\xbb\xbf[\s\0]*)?")
_FORMS = {b"<": "xml", b"{": "json", b"[": "json"}
_PLACEHOLDER = re.compile(r"(?:picture|broken):[0-9,]+")
_URL = re.compile(rb"https?://[^\s]*\s*")
_WHERE_CHARACTERS = 64


class Contents:
    """What has been found so far."""

    def __init__(self) -> None:
        self._documents: list[Document] = []
        self._pictures: list[FoundPicture] = []
        self._broken: list[str] = []
        self._room = limits.TEXT_BYTES
        self._inflated = 0
        self._place = -1
        self.is_unread = False

    @property
    def is_empty(self) -> bool:
        """True until something was found."""
        return not (self._documents or self._pictures or self._broken)

    def envelope(self) -> Envelope:
        """All that was found."""
        if self.is_unread and self.is_empty:
            self._broken.append("the body holds neither a picture nor a text; send JPEG, PNG, WebP or BMP")
        return Envelope(tuple(self._documents), tuple(self._pictures), tuple(self._broken))

    def take(self, body: bytes, start: int, end: int, headers: PartHeaders, *, is_beside: bool = False) -> None:
        """Take a part, or a body without parts.

        Args:
            body: the bytes in which it stands.
            start: its first byte.
            end: the byte behind its last.
            headers: the words about it.
            is_beside: true for what stands before or behind all parts, where words mean nothing.

        Raises:
            UnreadableError: it must not be read, or is more than ``limits`` allows.
        """
        self._place += 1
        first = _begin(body, start, end)
        if first >= end:
            if headers.name and not headers.promises_picture:
                self._documents.append(Document("text", headers.name, "", self._place, headers.filename))
            return
        plain = self._plain(body, start, end, headers)
        if plain is not None:
            body, start, end = plain, 0, len(plain)
        found_before = len(self._pictures) + len(self._broken)
        texts_before = len(self._documents)
        position = start
        for found in pictures.found(body, first if body[first : first + 1] == b"\xff" else start, end):
            self._text(body, position, found.start, headers, is_beside=True)
            if found.fault is None:
                self._keep(body[found.start : found.end], found.start - start, headers)
            else:
                self._break(headers, found.fault)
            position = found.end
        is_alone = len(self._pictures) + len(self._broken) == found_before
        self._text(body, position, end, headers, is_beside=is_beside or not is_alone)
        is_nothing = len(self._pictures) + len(self._broken) == found_before and len(self._documents) == texts_before
        if headers.promises_picture and is_nothing:
            self._break(headers, "it should be a picture, and is neither JPEG nor PNG, WebP or BMP")

    def _plain(self, body: bytes, start: int, end: int, headers: PartHeaders) -> bytes | None:
        """The content of a part that is packed, or written in another form; None for all others."""
        if inflation.is_gzip(body, start):
            plain = inflation.inflated(body[start:end], "")
            self._inflated += len(plain)
            if self._inflated > limits.INFLATED_BYTES:
                raise UnreadableError(f"the parts unpack to more than {limits.INFLATED_BYTES:,} bytes; send less")
            return plain
        if headers.encoding == "quoted-printable":
            return binascii.a2b_qp(body[start:end])
        return text.as_utf_8(body, start, end)

    def _text(self, body: bytes, start: int, end: int, headers: PartHeaders, *, is_beside: bool) -> None:
        """Take a text: its pictures in base64, and what it says without them."""
        first = _begin(body, start, end)
        if first >= end:
            return
        if text.is_binary(body, first, end):
            self.is_unread = True
            return
        form = _FORMS.get(body[first : first + 1], "pairs")
        if is_beside and form == "pairs" and not pairs.begins(body, first, end):
            return
        found_before = len(self._pictures) + len(self._broken)
        reduced = base64_runs.reduced(body, first, end, form, lambda cut: self._cut(cut, headers), self._room)
        self._room -= len(reduced)
        is_alone = len(self._pictures) + len(self._broken) == found_before
        if headers.promises_picture and is_alone and not is_beside and not _URL.fullmatch(reduced):
            return
        kind, root = _parsed(text.decoded(reduced, headers.charset), form, headers)
        if kind == "text" and (is_beside or _PLACEHOLDER.fullmatch(root)):
            return
        if fields.is_suspect(reduced):
            root = fields.checked(root, lambda key: self._break(headers, f"the field {key!r} should hold a picture"))
        self._documents.append(Document(kind, headers.name, root, self._place, headers.filename))

    def _cut(self, cut: base64_runs.Cut, headers: PartHeaders) -> bytes:
        """The word for what was cut out of a text; a broken picture beside whole ones is told in the faults alone."""
        first = len(self._pictures)
        for offset, picture in cut.pictures:
            self._keep(picture, offset, headers)
        words = [self._break(headers, fault) for fault in cut.faults]
        numbers = ",".join(map(str, range(first, len(self._pictures))))
        return (f"picture:{numbers}" if numbers else words[0]).encode()

    def _keep(self, picture: bytes, offset: int, headers: PartHeaders) -> None:
        if len(self._pictures) >= limits.PICTURES:
            raise UnreadableError(f"the push has more than {limits.PICTURES} pictures; send fewer in one request")
        self._pictures.append(
            FoundPicture(picture, headers.name, headers.filename, headers.content_id, self._place, offset)
        )

    def _break(self, headers: PartHeaders, fault: str) -> str:
        """Keep a fault; the answer stands for the broken picture in a document."""
        where = headers.name or headers.filename
        if len(self._broken) >= limits.PICTURES:
            raise UnreadableError(f"the push has more than {limits.PICTURES} broken pictures; send whole ones")
        self._broken.append(f"{text.printed(where)[:_WHERE_CHARACTERS]!r}: {fault}" if where else fault)
        return f"broken:{len(self._broken) - 1}"


def _begin(body: bytes, start: int, end: int) -> int:
    """The first byte that is no white space, NUL or byte order mark."""
    blank = _BLANK.match(body, start, end)
    return blank.end() if blank else start


def _parsed(words: str, form: str, headers: PartHeaders) -> tuple[Form, Any]:
    """The form of a text, and its value; what cannot be parsed is a text."""
    if form == "xml" and (element := xml_documents.parsed(words)) is not None:
        return "xml", element
    if form == "json" and (document := json_documents.parsed(words)) is not json_documents.NotJson:
        return "json", document
    if found := pairs.parsed(words, is_form=headers.is_form):
        return "pairs", found
    return "text", words.strip()
