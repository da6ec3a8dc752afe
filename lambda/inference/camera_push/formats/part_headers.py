"""What a part of a multipart body, or a whole request, says of itself. All of it is a hint: bytes decide."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from camera_push.formats import text

_HEADER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_|~-]{1,64})[ \t]*:[ \t]*")
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n\r|\n|\r|$)")
_BODY_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"<", b"{", b"[")
_MOST_BYTES = 16 * 1024
_WORD_CHARACTERS = 1024
_PARAMETERS = {
    name: re.compile(
        rf"""(?:^|[;,\s]){name}(\*?)\s{{0,8}}=\s{{0,8}}(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|"?([^;"\r\n]*))""",
        re.IGNORECASE,
    )
    for name in ("name", "filename", "boundary", "charset")
}
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|jpe|jfif|png|webp|bmp|gif|tiff?|heic|avif)$", re.IGNORECASE)


@dataclass(frozen=True)
class PartHeaders:
    """The headers that matter, their values in lower case where case means nothing.

    Attributes:
        content_type: the whole Content-Type, without repetitions of its own name.
        name: of the field.
        filename: of the file.
        content_id: without angle brackets.
        encoding: the Content-Transfer-Encoding, in lower case.
    """

    content_type: str = ""
    name: str | None = None
    filename: str | None = None
    content_id: str | None = None
    encoding: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> PartHeaders:
        """Take the headers of a request or a part; their names are in lower case."""
        disposition = headers.get("content-disposition", "")[:_WORD_CHARACTERS]
        content_type = headers.get("content-type", "")[:_WORD_CHARACTERS].strip()
        while content_type.lower().startswith("content-type:"):
            content_type = content_type[len("content-type:") :].strip()
        return cls(
            content_type=content_type,
            name=parameter(disposition, "name"),
            filename=parameter(disposition, "filename") or parameter(content_type, "name"),
            content_id=headers.get("content-id", "")[:_WORD_CHARACTERS].strip().strip("<>") or None,
            encoding=headers.get("content-transfer-encoding", "").strip().lower(),
        )

    @property
    def charset(self) -> str:
        """The charset of the type; empty without one."""
        return parameter(self.content_type, "charset") or ""

    @property
    def is_multipart(self) -> bool:
        """True where the type says that parts follow."""
        return "multipart/" in self.content_type.lower()

    @property
    def is_form(self) -> bool:
        """True for the type of an HTML form in one line."""
        return "urlencoded" in self.content_type.lower()

    @property
    def promises_picture(self) -> bool:
        """True where the type, the file name or the field's name says that a picture follows."""
        return self.content_type.lower().startswith("image/") or any(
            _PICTURE_NAME.search(name) for name in (self.filename or "", self.name or "")
        )


def parameter(value: str, name: str) -> str | None:
    """A parameter of a header's value, in quotation marks or not; None where it is missing or empty.

    Args:
        value: the value of the header.
        name: ``name``, ``filename``, ``boundary`` or ``charset``.
    """
    found = _PARAMETERS[name].search(value)
    if found is None:
        return None
    word = next(group for group in found.groups()[1:] if group is not None).strip()
    if found[1]:  # RFC 8187
        word = urllib.parse.unquote(word.rpartition("'")[2], errors="replace")
    return word or None


def read(body: bytes, start: int, end: int) -> tuple[PartHeaders, int]:
    """Read the headers of a part, and where its content begins.

    Lines that are no headers are passed over. A part whose first lines are none at all has no headers; neither has one
    that begins with a picture, XML or JSON.
    """
    headers: dict[str, str] = {}
    position, last, is_all = start, "", True
    stop = min(end, start + _MOST_BYTES)
    begins = end
    while position < stop:
        if body.startswith(_BODY_STARTS, position):
            begins = position
            break
        line = _LINE.match(body, position, stop)
        position = line.end() if line else stop
        if line is None or (not line[2] and stop < end):
            return PartHeaders(), start
        if not line[1].strip():
            begins = position
            break
        if found := _HEADER.match(line[1]):
            last = found[1].decode().lower()
            headers.setdefault(last, text.decoded(line[1][found.end() : found.end() + _WORD_CHARACTERS]))
        elif line[1][:1] in b" \t" and last:
            headers[last] += " " + text.decoded(line[1][:_WORD_CHARACTERS].strip())
        else:
            is_all = False
    is_known = any(name.startswith("content-") for name in headers)
    is_headers = is_known or (is_all and begins < end)
    return (PartHeaders.of(headers), begins) if is_headers else (PartHeaders(), start)
