"""Bodies that are no multipart: raw pictures, packed ones, chunks left over, and texts of every encoding."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from camera_push.documents import Element
from camera_push.push import UnreadableError
from tests.camera_pictures import bodies, multipart, opened, part, picture

PICTURE = picture()
WHOLE = multipart(part(b'{"n": 1}'), part(PICTURE, "Content-Type: image/jpeg"))


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def root_of(body: bytes, content_type: str | None = None) -> Any:
    (document,) = opened(body, content_type).documents
    return document.root


@pytest.mark.parametrize(
    "content_type",
    [
        "image/jpeg",
        "image/jpg",
        "image/pjpeg",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-8",
        "application/json",
        "multipart/form-data; boundary=x",
        "",
        None,
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_raw_picture_is_found_whatever_its_type(content_type: str | None, form: str) -> None:
    body = picture(form)
    for sent in (body, body + b"\0" * 40, body + b"\r\n", body + b"\xff" * 9 if form != "BMP" else body):
        envelope = opened(sent, content_type)
        assert (bodies(envelope), envelope.documents, envelope.broken) == ([body], (), ())


def test_a_raw_picture_has_the_name_of_the_request() -> None:
    (found,) = opened(PICTURE, "image/jpeg", content_disposition='attachment; filename="image26-10-14_1.jpg"').pictures
    assert found.filename == "image26-10-14_1.jpg"


def test_a_text_before_or_behind_a_picture_is_read_too() -> None:
    for body in (b'{"plate": "A1"}\r\n' + PICTURE, PICTURE + b'\r\n{"plate": "A1"}', b"plate=A1\r\n" + PICTURE):
        envelope = opened(body, "application/octet-stream")
        assert (bodies(envelope), [document.root for document in envelope.documents]) == ([PICTURE], [{"plate": "A1"}])
    assert opened(b"words\r\n" + PICTURE + b"words").documents == ()


@pytest.mark.parametrize("body", [PICTURE[:-20], b"\x01\x02\x03\x04" * 30, b"<html>no</html>", b'{"n": 1}'])
def test_a_raw_body_that_should_be_a_picture_and_is_none_is_broken(body: bytes) -> None:
    envelope = opened(body, "image/jpeg")
    assert (envelope.pictures, len(envelope.broken)) == ((), 1)


def test_bytes_that_are_neither_picture_nor_text_are_broken() -> None:
    assert opened(b"\x01\x02\x03\x04" * 30).broken == (
        "the body holds neither a picture nor a text; send JPEG, PNG, WebP or BMP",
    )


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, deflated])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip", "gzip, deflate", "identity", None])
def test_a_packed_body_is_unpacked_by_its_bytes(pack: Any, encoding: str | None) -> None:
    headers = {"content_encoding": encoding} if encoding else {}
    for body in (WHOLE, PICTURE, b'{"n": 1}' + b" " * 200):
        plain = opened(body, "application/json")
        assert opened(pack(body), "application/json", **headers) == plain
        assert opened(body, "application/json", **headers) == plain  # API Gateway has unpacked it


def test_a_picture_packed_twice_or_in_a_part_is_unpacked() -> None:
    assert bodies(opened(gzip.compress(zlib.compress(PICTURE)))) == [PICTURE]
    assert bodies(opened(multipart(part(gzip.compress(PICTURE), "Content-Type: image/jpeg")))) == [PICTURE]


def test_a_packed_body_that_is_cut_off_gives_what_has_arrived() -> None:
    envelope = opened(gzip.compress(WHOLE)[:-100])
    assert envelope.documents[0].root == {"n": 1}
    assert envelope.broken == ("the JPEG is cut off: it has no end (FF D9)",)


def test_a_damaged_gzip_is_refused_where_the_header_says_gzip() -> None:
    body = gzip.compress(WHOLE)[:10] + b"\xff" * 100
    with pytest.raises(UnreadableError, match="gzip is damaged"):
        opened(body, content_encoding="gzip")


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(UnreadableError, match="packed as 'br'"):
        opened(b"\x8b\x01\x02\x03\x04\x05\x06" * 9, content_encoding="br")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, deflated])
def test_a_bomb_is_refused(pack: Any) -> None:
    with pytest.raises(UnreadableError, match="unpacks to more than 10,000,000 bytes"):
        opened(pack(b"0" * 10_000_001), content_encoding="deflate")


def test_chunks_left_in_a_body_are_joined() -> None:
    sizes = (100, 1, 400, len(PICTURE))
    chunks, rest = b"", PICTURE
    for size in sizes:
        chunk, rest = rest[:size], rest[size:]
        chunks += b"%X;name=value\r\n%s\r\n" % (len(chunk), chunk) if chunk else b""
    for body in (chunks + b"0\r\n\r\n", chunks + b"0\r\nTrailer: x\r\n\r\n", chunks):
        assert bodies(opened(body, "image/jpeg")) == [PICTURE]
    assert bodies(opened(b"%x\r\n" % len(PICTURE) + PICTURE)) == [PICTURE]
    assert root_of(b"12\r\nwords") == "12\r\nwords"


CHINESE = '<?xml version="1.0" encoding="{}"?><a><name>大门联通</name></a>'


@pytest.mark.parametrize(
    "body",
    [
        CHINESE.format("GB2312").encode("gb2312"),
        CHINESE.format("gbk").encode("gb18030"),
        CHINESE.format("UTF-8").encode("gb18030"),
        CHINESE.format("UTF-8").encode(),
        CHINESE.format("GB2312").encode(),
        b"\xef\xbb\xbf" + CHINESE.format("UTF-8").encode(),
        CHINESE.format("UTF-8").encode() + b"\0\0",
        b"\r\n \0" + CHINESE.format("UTF-8").encode(),
        CHINESE.format("UTF-16").encode("utf-16"),
        CHINESE.format("UTF-16").encode("utf-16-le"),
        CHINESE.format("UTF-16").encode("utf-16-be"),
        CHINESE.format("Big5").encode("big5", "xmlcharrefreplace"),
    ],
)
def test_chinese_is_read_whatever_is_declared(body: bytes) -> None:
    root = root_of(body)
    assert isinstance(root, Element)
    assert root.text_of("name") == "大门联通"


@pytest.mark.parametrize("before", [b"\0", b"\0\0", b"\0\xef\xbb\xbf", b"\r\n\0"])
@pytest.mark.parametrize("body", [b"<a><b>c</b></a>", b'{"a": {"b": "c"}}'])
def test_a_nul_before_a_text_makes_no_utf_16_of_it(before: bytes, body: bytes) -> None:
    root = root_of(before + body)
    assert (root.text_of("b") if isinstance(root, Element) else root["a"]["b"]) == "c"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["<a><b>c</b></a>", '{"b": "c"}'])
def test_utf_16_is_read_with_and_without_its_mark(encoding: str, text: str) -> None:
    root = root_of(text.encode(encoding))
    assert (root.text_of("b") if isinstance(root, Element) else root["b"]) == "c"


def test_two_characters_that_are_valid_in_both_follow_the_declaration() -> None:
    text = "联通".encode("gb2312")
    assert root_of(b'<?xml version="1.0" encoding="GB2312"?><a><b>%s</b></a>' % text).text_of("b") == "联通"
    assert root_of(b'{"name": "%s"}' % text, "application/json; charset=gb2312") == {"name": "联通"}
    assert root_of(b'{"name": "\xe9t\xe9"}', "application/json; charset=iso-8859-1") == {"name": "été"}


def test_a_text_with_damaged_bytes_is_read_all_the_same() -> None:
    assert root_of(b"<a><b>Gate \xff\xfe</b><c>1</c></a>").text_of("c") == "1"


@pytest.mark.parametrize(
    "body",
    [
        b"<a xmlns='urn:x'><b>1</b></a>",
        b"<x:a xmlns:x='urn:x'><x:b>1</x:b></x:a>",
        b"<x:a><x:b>1</x:b></x:a>",
        b"<a><b>1</b><name>Gate & Door</name></a>",
        b"<a><b>1</b><name>\x01</name></a>",
        b"<a><b>1</b>",
        b"<a><b>1</b></a>\r\n<a>again</a>",
        b"<a><b>1</b></a> and words",
        b"<a><b> <![CDATA[1]]> </b></a>",
        b'<?xml version="1.0" ?>\r\n\r\n<a>\n<b>\n1\n</b></a>',
    ],
)
def test_xml_that_is_not_well_formed_is_read_as_far_as_it_goes(body: bytes) -> None:
    root = root_of(body, "application/xml")
    assert (root.tag, root.text_of("b")) == ("a", "1")


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'.encode("utf-16"),
        b"\xef\xbb\xbf<!DOCTYPE a><a/>",
        b"<!DOCTYPE html><html></html>",
    ],
)
def test_a_doctype_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="DOCTYPE"):
        opened(body)
    with pytest.raises(UnreadableError, match="DOCTYPE"):
        opened(multipart(part(body, "Content-Type: application/xml"), PICTURE))


def test_an_entity_that_no_one_declared_expands_to_nothing() -> None:
    assert root_of(b"<a><b>&lol; 1</b></a>").text_of("b") == "&lol; 1"


@pytest.mark.parametrize(
    ("body", "root"),
    [
        (b'{"a": 1,}', {"a": 1}),
        (b'{"a": [1, 2, ], }', {"a": [1, 2]}),
        (rb'{"path": "\mnt\x.jpg", "b": "\\"}', {"path": "\\mnt\\x.jpg", "b": "\\"}),
        (b'{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        (b'{"a": NaN}', {"a": None}),
        (b'{"a": 1} {"b": 2}', {"a": 1}),
        (b'{"a": 1}\0\0', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'[{"a": 1}]', [{"a": 1}]),
        (rb'{"a": "x\u0000\ud800y"}', {"a": "xy"}),
    ],
)
def test_json_is_read_with_the_faults_of_templates(body: bytes, root: object) -> None:
    assert root_of(body) == root


def test_what_is_no_json_is_a_text() -> None:
    for body in (b"{a: 1", b"[", b"hello", b'"text"'):
        assert root_of(body) == body.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 15_000,
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b"<a>" * 65,
        b"[" + b"1," * 20_001 + b"1]",
        b"<r>" + b"<a/>" * 4001,
        b"a=1\n" * 4001,
        b"a=1" + b"&a=1" * 4001,
        b"word " * 60_000,
    ],
)
def test_texts_beyond_every_camera_are_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="more than"):
        opened(body)


def test_a_text_at_the_bounds_is_read() -> None:
    deep = json.dumps({"n": 1})
    for _ in range(62):
        deep = f"[{deep}]"
    assert opened(deep.encode()).documents[0].kind == "json"
    assert opened(b"<a>" * 64 + b"</a>" * 64).documents[0].kind == "xml"


@pytest.mark.parametrize(
    ("body", "root"),
    [
        (b"Events[0].Code=A\r\nEvents[0].Index=0\r\n", {"Events": [{"Code": "A", "Index": "0"}]}),
        (b"a[1].b=x\na[0].b=y\na[7].b=z", {"a": [{"b": "y"}, {"b": "x"}, {"b": "z"}]}),
        (b"a=1\na=2", {"a": "1"}),
        (b"a=1\na.b=2", {"a": "1", "a.b": "2"}),
        (b"a.b=2\na=1", {"a": {"b": "2"}}),
        (b"Code=VideoMotion;action=Start;index=0", {"Code": "VideoMotion", "action": "Start", "index": "0"}),
        (b'Code=X;action=Start;data={"a": "b;c=d"}', {"Code": "X", "action": "Start", "data": {"a": "b;c=d"}}),
        (b"a=1&b=x+y&c=%E9%97%A8&d=", {"a": "1", "b": "x y", "c": "门", "d": ""}),
        (b"payload=%7B%22a%22%3A1%7D&b=2", {"payload": {"a": 1}, "b": "2"}),
        (b"a = 1\r\n\r\nb = 2", {"a": "1", "b": "2"}),
    ],
)
def test_pairs_are_nested_as_their_keys_say(body: bytes, root: object) -> None:
    (document,) = opened(body).documents
    assert (document.kind, document.root) == ("pairs", root)


def test_pairs_without_number_or_sense_do_no_harm() -> None:
    for body in (b"a[9999999]=1", b"." * 150 + b"=1", b"a" + b"[1]" * 60 + b"=1", b"a..b=1"):
        assert opened(body).documents[0].kind == "pairs"
    assert opened(b"a line\nb=1").documents[0].kind == "text"


def test_quoted_printable_is_written_out() -> None:
    body = multipart(part(b'{"a": "=E9=97=A8"}', "Content-Transfer-Encoding: quoted-printable"))
    assert opened(body).documents[0].root == {"a": "门"}


def test_bombs_in_parts_count_together() -> None:
    bomb = gzip.compress(b" " * 6_000_000)
    with pytest.raises(UnreadableError, match="the parts unpack to more than 10,000,000 bytes"):
        opened(multipart(part(bomb), part(bomb)))


@pytest.mark.parametrize("body", [b"x^2 + y", b"x\x9cwords", b"\x03\x00" + bytes(range(256)) * 2])
def test_words_that_begin_like_a_zlib_stay(body: bytes) -> None:
    envelope = opened(body)
    assert envelope.broken or envelope.documents[0].root.startswith("x")
