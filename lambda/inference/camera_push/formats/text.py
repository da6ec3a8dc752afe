"""Bytes as text, whatever the camera says of their encoding."""

from __future__ import annotations

import codecs
import re

_SAMPLE_BYTES = 4096
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\0")) + b"\x7f"
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_THREE_BYTES = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_CHINESE = ("gb2312", "gbk", "gb18030")
_SINGLE_OR_ASIAN = re.compile(
    r"gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr|koi8-r|iso-8859-(?:[1-9]|15)|windows-125[0-8]"
)
_UNPRINTED = re.compile("[\0\ud800-\udfff]")
_UTF_16 = (
    (re.compile(rb"\xff\xfe|\xfe\xff"), "utf-16"),
    (re.compile(rb"[<{\[]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[<{\[]\0[^\0]"), "utf-16-be"),  # a NUL alone before a text is a fault of firmware
)


def is_binary(body: bytes, start: int, end: int) -> bool:
    """True where the first 4 KB hold more control characters than a damaged text does.

    One in fifty is the bound; in XML and JSON, told by their first character, it is at least four.
    """
    sample = body[start : min(end, start + _SAMPLE_BYTES)]
    damaged = 4 if sample[:1] in (b"<", b"{", b"[") else 0
    return len(sample) - len(sample.translate(None, _CONTROLS)) > max(damaged, len(sample) // 50)


def as_utf_8(body: bytes, start: int, end: int) -> bytes | None:
    """UTF-16 by its mark or its first two characters, in UTF-8; None for all other bytes."""
    encoding = next((encoding for begins, encoding in _UTF_16 if begins.match(body, start, end)), None)
    return codecs.decode(body[start:end], encoding, "replace").encode() if encoding else None


def decoded(text: bytes, charset: str = "") -> str:
    """Decode a text: UTF-8, else by its declaration, else GB18030, else UTF-8 with its faults replaced.

    A text that declares Chinese is UTF-8 all the same where it is valid, with a character of three bytes as Chinese
    has them; two bytes are valid in both. A byte order mark and NUL are left out.

    Args:
        text: the bytes.
        charset: the charset of its Content-Type; the declaration of XML counts before it.
    """
    text = text.removeprefix(codecs.BOM_UTF8)
    if text.isascii():
        return text.decode().replace("\0", "")
    declared = _codec(found[1].decode() if (found := _DECLARED.match(text)) else charset)
    order = ["utf-8", declared, "gb18030"]
    if declared in _CHINESE and not _THREE_BYTES.search(text):
        order = ["gb18030", "utf-8"]
    for encoding in order:
        try:
            return text.decode("gb18030" if encoding in _CHINESE else encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    return text.decode(errors="replace").replace("\0", "")


def printed(word: str) -> str:
    """A word of JSON without NUL and halves of surrogates, which no table and no log takes."""
    return _UNPRINTED.sub("", word)


def _codec(name: str) -> str:
    """The name for Python of an encoding that devices declare; UTF-8 for all others, which cost or do more."""
    plain = name.strip().lower()
    return plain if _SINGLE_OR_ASIAN.fullmatch(plain) else "utf-8"
