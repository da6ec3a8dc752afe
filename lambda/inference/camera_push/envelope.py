"""The contents of a push, in no vendor's words: texts, pictures and faults."""

from __future__ import annotations

import re
from dataclasses import dataclass

from camera_push.documents import Document

_PLACEHOLDER = re.compile(r"picture:([0-9]{1,3}(?:,[0-9]{1,3})*)")


@dataclass(frozen=True)
class FoundPicture:
    """A whole picture, as it was found.

    Attributes:
        body: its bytes, up to its own end.
        part_name: the name of its part, such as ``Picture``; None where it has none. Names may repeat.
        filename: the file name of its part.
        content_id: the Content-ID of its part, without angle brackets.
        place: the number of its part, from 0; 0 for the body itself. A document in the same place held it in base64.
        offset: its first byte in its part: 0, or more where pictures stand behind one another.
    """

    body: bytes
    part_name: str | None = None
    filename: str | None = None
    content_id: str | None = None
    place: int = 0
    offset: int = 0


@dataclass(frozen=True)
class Envelope:
    """A push, opened.

    Attributes:
        documents: its texts, in the order in which they were sent.
        pictures: its whole pictures, in that order.
        broken: the fault of each picture that is none, in words.
    """

    documents: tuple[Document, ...] = ()
    pictures: tuple[FoundPicture, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where the camera sent nothing, be it in a multipart body whose parts are empty."""
        return not (any(document.root for document in self.documents) or self.pictures or self.broken)

    def pictures_at(self, value: object) -> tuple[FoundPicture, ...]:
        """The pictures that a document's value ``picture:N`` stands for; none for every other value."""
        return tuple(self.pictures[number] for number in self.numbers_at(value))

    def numbers_at(self, value: object) -> tuple[int, ...]:
        """The numbers among ``pictures`` that a document's value stands for; none for every other value."""
        found = _PLACEHOLDER.fullmatch(value.strip()) if isinstance(value, str) else None
        numbers = map(int, found[1].split(",")) if found else ()
        return tuple(number for number in numbers if number < len(self.pictures))
