"""XML of cameras: no DOCTYPE, no entity, and no more than is needed of well-formedness."""

from __future__ import annotations

import re
from typing import NoReturn
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from camera_push.documents import Element
from camera_push.formats import limits
from camera_push.push import UnreadableError

_PROLOG = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
# Devices put names of channels into XML without escaping them, and prefixes without declaring them.
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PREFIX = re.compile(r"(</?|\s)[A-Za-z_][\w.-]{0,60}:(?=[\w.-]{1,60}[\s=/>])")


def parsed(text: str) -> Element | None:
    """Parse XML; of one that is cut off or followed by other bytes, what came before. None for what is no XML.

    Raises:
        UnreadableError: a DOCTYPE or an entity, or more or deeper elements than ``limits`` allows.
    """
    text = text[found.end() :] if (found := _PROLOG.match(text)) else text
    root, is_whole = _tree(text)
    if is_whole or not text.lstrip().startswith("<"):
        return root
    mended = _PREFIX.sub(r"\1", _BARE_AMPERSAND.sub("&amp;", _CONTROLS.sub("", text)))
    return (_tree(mended)[0] or root) if mended != text else root


def _tree(text: str) -> tuple[Element | None, bool]:
    """The tree of a text, and whether it was read to its end."""
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException as error:
        raise UnreadableError("the XML has a DOCTYPE or an entity; send it without") from error
    except ParseError:
        is_whole = builder.is_whole
        return builder.cut_off(), is_whole
    return builder.cut_off(), True


class _Open:
    """An element whose end has not come yet."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.texts: list[str] = []
        self.children: list[Element] = []

    def closed(self) -> Element:
        """The element, done."""
        return Element(self.tag, self.attributes, "".join(self.texts).strip(), tuple(self.children))


class _Builder:
    """Target of the parser: it builds elements from the inside out, and counts them."""

    def __init__(self) -> None:
        self._waiting: list[_Open] = []
        self._root: Element | None = None
        self._count = 0

    @property
    def is_whole(self) -> bool:
        """True when the root has ended."""
        return self._root is not None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        self._count += 1 + len(attributes)
        if self._count > limits.ELEMENTS:
            _refuse(f"more than {limits.ELEMENTS:,} elements and attributes")
        if len(self._waiting) >= limits.DEPTH:
            _refuse(f"more than {limits.DEPTH} elements in one another")
        self._waiting.append(_Open(_local(tag), {_local(name): value for name, value in attributes.items()}))

    def data(self, text: str) -> None:
        """Take text of the element that is open."""
        self._waiting[-1].texts.append(text)

    def end(self, _: str) -> None:
        """Close the element that is open."""
        element = self._waiting.pop().closed()
        if self._waiting:
            self._waiting[-1].children.append(element)
        else:
            self._root = element

    def close(self) -> None:
        """End the document."""

    def cut_off(self) -> Element | None:
        """The root, with what came of it; None where nothing came."""
        while self._waiting:
            self.end("")
        return self._root


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def _refuse(why: str) -> NoReturn:
    raise UnreadableError(f"the XML has {why}; send the event alone")
