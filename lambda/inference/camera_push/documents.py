"""Texts that a camera sent, as neutral values: JSON, XML, key=value lines and plain words, without their pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Form = Literal["json", "xml", "pairs", "text"]


@dataclass(frozen=True)
class Element:
    """An element of XML. Names of tags and attributes have no namespace, and keep their case.

    Attributes:
        tag: the name.
        attributes: the attributes, such as ``Value`` of ONVIF's SimpleItem.
        text: its own text and CDATA, without white space around it; not that of its children.
        children: the elements in it, in their order.
    """

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Element, ...] = ()

    def find(self, path: str) -> Element | None:
        """The first element at a path of tags such as ``sourceDataInfo/dataType``, below this one; else None."""
        return next(iter(self.findall(path)), None)

    def findall(self, path: str) -> list[Element]:
        """All elements at a path of tags, below this one, in their order."""
        found = [self]
        for tag in path.split("/"):
            found = [child for element in found for child in element.children if child.tag == tag]
        return found

    def text_of(self, path: str) -> str | None:
        """The text of the first element at a path that has one; None where none has."""
        return next((element.text for element in self.findall(path) if element.text), None)

    def every(self, tag: str | None = None) -> Iterator[Element]:
        """This element and all below it, in their order; with a tag, those with that name."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            if tag is None or element.tag == tag:
                yield element
            waiting.extend(reversed(element.children))


@dataclass(frozen=True)
class Document:
    """One text of a push: a part of a multipart body, or the body itself.

    A picture in base64 is cut out of the text before it is parsed. In its place stands ``picture:N``, the number among
    the envelope's pictures, or ``picture:N,M`` for several in one string; ``broken:N`` is the number of a fault.
    ``Envelope.pictures_at`` reads it.

    Attributes:
        kind: ``json``, ``xml``, ``pairs`` or ``text``.
        name: the name of its part, such as ``MoveDetection.xml`` or ``info``; None without one.
        root: JSON as Python's values; of XML the root's ``Element``; of pairs a dictionary, nested as the keys say:
            ``Events[0].Code=X`` is ``{"Events": [{"Code": "X"}]}``, all values are text, and of a repeated key the
            first counts; of text a ``str``.
        place: the number of its part, from 0; 0 for the body itself.
        filename: the file name of its part, where there is one.
    """

    kind: Form
    name: str | None
    root: Any
    place: int = 0
    filename: str | None = None
