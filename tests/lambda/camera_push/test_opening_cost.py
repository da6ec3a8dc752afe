"""Memory and work that a body costs: at most twice its own size beyond it, and each byte a bounded number of times."""

from __future__ import annotations

import base64
import gzip
import json
import random
import textwrap
import tracemalloc
import urllib.parse
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_push import opening, reader
from camera_push.envelope import Envelope
from camera_push.push import Sent, UnreadableError
from tests.camera_pictures import multipart, part, picture

LARGE = picture(size=1024, quality=95)  # 1.3 MB
TEXT = base64.b64encode(LARGE)
MARKS = (
    b"\r\n", b"\n\r", b"--", b"--boundary", b"--boundary--", b"\r\n--boundary\r\n", b"\xff\xd8\xff\xe0", b"\xff\xd9",
    b"\xff\xda", b'"', b"{", b"[", b"<", b"</", b"<![CDATA[", b"]]>", b"&", b"&#13;", b"\0", b"/9j/", b"\\", b"\\u0000",
    b"\\ud800", b"data:image/jpeg;base64,", b"base64:1", b"picture:0", b"=", b"%2F", b"RIFF", b"\x89PNG\r\n\x1a\n",
    b"BM", b"\x1f\x8b\x08", b"\x78\x9c", b"<!DOCTYPE a>", b"\xef\xbb\xbf", b"\xff\xfe", b"Content-Type: ", b'; name="',
    b"a[0].b=", b"1000\r\n", b"GIF89a",
)  # fmt: skip


def large_bodies() -> Iterator[tuple[str, bytes, str]]:
    """A body of 1.3 MB or more of each form, and its Content-Type."""
    wrapped = base64.encodebytes(LARGE)
    yield "raw", LARGE, "image/jpeg"
    yield "padded", LARGE + b"\0" * 100_000, "image/jpeg"
    yield "multipart", multipart(part(b"<a/>"), part(LARGE), part(LARGE)), "multipart/form-data; boundary=boundary"
    yield "several", LARGE * 3, "image/jpeg"
    yield "json", json.dumps({"a": TEXT.decode()}).encode(), "application/json"
    yield "json twice", json.dumps({"a": TEXT.decode(), "b": [TEXT.decode()]}).encode(), "application/json"
    yield "several in base64", json.dumps({"a": base64.b64encode(LARGE * 2).decode()}).encode(), "application/json"
    yield "json escaped", b'{"a": "%s"}' % TEXT.replace(b"/", rb"\/"), "application/json"
    yield "json escaped twice", b'{"a": "%s"}' % TEXT.replace(b"/", rb"\u002f").replace(b"+", rb"\u002b"), ""
    yield "json wrapped", b'{"a": "%s"}' % wrapped.replace(b"\n", rb"\r\n"), "application/json"
    yield "json not padded", b'{"a": "%s"}' % TEXT.rstrip(b"="), "application/json"
    yield "json in urlsafe base64", b'{"a": "%s"}' % base64.urlsafe_b64encode(LARGE).rstrip(b"="), "application/json"
    yield "data uri", b'{"a": "data:image/jpeg;base64,%s"}' % TEXT, "application/json"
    yield "xml", b"<a><![CDATA[%s]]></a>" % TEXT, "application/xml"
    yield "xml wrapped", b"<a>%s</a>" % wrapped.replace(b"\n", b"&#13;\n"), "application/xml"
    yield "xml indented", textwrap.indent(f"<a>\n{wrapped.decode()}</a>", "    ").encode(), "application/xml"
    yield "form", b"a=1&b=" + urllib.parse.quote_from_bytes(TEXT, safe="").encode(), "application/x-www-form-urlencoded"
    yield "base64", TEXT, "text/plain"
    yield "bad base64", b'{"image": "%s*#%s"}' % (TEXT[:-400], TEXT[-400:]), "application/json"
    yield "truncated", LARGE[:-2], "image/jpeg"
    yield "bytes", random.Random(1).randbytes(2_000_000), "application/octet-stream"
    yield "text", b"word " * 400_000, "text/plain"
    yield "blank", b" " * 2_000_000, "text/plain"
    yield "chunks", b"".join(b"1000\r\n%s\r\n" % LARGE[at : at + 4096] for at in range(0, 1_200_000, 4096)), ""
    yield "utf-16", json.dumps({"a": TEXT.decode()}).encode("utf-16"), "application/json"


@pytest.mark.parametrize(("body", "content_type"), [pytest.param(b, t, id=name) for name, b, t in large_bodies()])
def test_a_body_costs_at_most_twice_its_size_beyond_itself(body: bytes, content_type: str) -> None:
    peak = peak_of(Sent("POST", headers={"content-type": content_type}, body=body))
    assert peak <= 2 * len(body)


def test_a_packed_body_counts_as_what_it_unpacks_to() -> None:
    for plain in (LARGE, json.dumps({"a": TEXT.decode()}).encode()):
        assert peak_of(Sent("POST", body=gzip.compress(plain, 1))) <= 3 * len(plain)  # the body itself is one of three


def peak_of(sent: Sent) -> int:
    """The most bytes that reading a request takes at a time."""
    tracemalloc.start()
    try:
        reader.read(sent)
    except UnreadableError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


WHOLE = multipart(
    part(b"<a><b>1</b><type>VMD</type></a>", 'Content-Disposition: form-data; name="a.xml"', "Content-Type: text/xml"),
    part(json.dumps({"image": base64.b64encode(picture(size=8)).decode()}).encode(), "Content-Type: application/json"),
    part(picture(), 'Content-Disposition: form-data; name="Picture"', "Content-Type: image/jpeg"),
)


def test_mutated_multiparts_are_read_or_refused() -> None:
    chance = random.Random(21)
    types = ["multipart/form-data; boundary=boundary", 'multipart/x; boundary="', "image/jpeg", "application/json", ""]
    for _ in range(1500):
        body = bytearray(WHOLE)
        for _ in range(chance.choice([1, 2, 5, 20])):
            at = chance.randrange(len(body) + 1)
            size = chance.choice([0, 1, 8, 200])
            body[at : at + size] = chance.choice([b"", chance.choice(MARKS), chance.randbytes(8), body[at // 2 : at]])
        found(bytes(body), chance.choice(types))


@given(st.lists(st.sampled_from([*MARKS, WHOLE, picture(size=8), b"a", b"\x80"]), max_size=12).map(b"".join), st.text())
def test_every_body_is_read_or_refused(body: bytes, word: str) -> None:
    envelope = found(body, word)
    assert all(each.body in body or each.body for each in envelope.pictures)


@given(st.binary(max_size=400), st.sampled_from(["", "gzip", "deflate", "br"]))
def test_all_bytes_are_read_or_refused(body: bytes, encoding: str) -> None:
    found(body, "", encoding)


@given(st.text())
def test_every_json_string_comes_out_as_one_that_is_fit_for_utf_8(word: str) -> None:
    (document,) = found(json.dumps({"name": word, word: 1}).encode(), "application/json").documents
    json.dumps(document.root, ensure_ascii=False).encode()


def found(body: bytes, content_type: str, encoding: str = "") -> Envelope:
    """The envelope; an empty one for a body that must not be read. No other error may leave the reader."""
    sent = Sent("POST", headers={"content-type": content_type, "content-encoding": encoding}, body=body)
    try:
        reader.read(sent)
        return opening.opened(sent)
    except UnreadableError:
        return Envelope()
