"""Multipart bodies as firmware bends them: each gives the same texts and the same bytes of pictures."""

from __future__ import annotations

import base64
import json

import pytest

from camera_push.documents import Element
from camera_push.envelope import Envelope
from camera_push.formats import limits
from camera_push.push import UnreadableError
from tests.camera_pictures import bodies, multipart, opened, part, picture

PICTURE, SMALL = picture(), picture(size=8)
XML = b"<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>"
NAMED = 'Content-Disposition: form-data; name="{}"'
TEXT_PART = part(XML, NAMED.format("MoveDetection.xml"), "Content-Type: application/xml", "Content-Length: 9")
PICTURE_PART = part(PICTURE, NAMED.format("Picture"), "Content-Type: image/jpeg", "Content-Length: 14")
TYPE = "multipart/form-data; boundary=boundary"
WHOLE = multipart(TEXT_PART, PICTURE_PART)


def is_whole(envelope: Envelope) -> bool:
    texts = [document.root.text_of("eventType") for document in envelope.documents if document.kind == "xml"]
    return texts == ["VMD"] and bodies(envelope) == [PICTURE] and envelope.broken == ()


@pytest.mark.parametrize(
    "content_type",
    [
        TYPE,
        'multipart/form-data; boundary="boundary"',
        "multipart/form-data; boundary = boundary ; charset=utf-8",
        "multipart/form-data; boundary='boundary'",
        "multipart/form-data;boundary=--boundary",
        "Content-Type: multipart/form-data; boundary=boundary",
        "Content-Type: Content-Type: multipart/form-data; boundary=boundary",
        "multipart/form-data; boundary=another",
        "multipart/form-data; boundary=",
        "multipart/form-data",
        "MULTIPART/Form-Data; BOUNDARY=boundary",
        "multipart/mixed; boundary=boundary",
        "multipart/related; boundary=boundary",
        "multipart/x-mixed-replace;boundary=boundary",
        "multipart/alternative; boundary=bound",
        "application/octet-stream",
        "text/plain",
        "image/jpeg",
        "application/x-www-form-urlencoded",
        "",
        None,
    ],
)
def test_the_boundary_is_found_whatever_the_header_says(content_type: str | None) -> None:
    assert is_whole(opened(WHOLE, content_type))


@pytest.mark.parametrize(
    "body",
    [
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"--boundary\r\n", b"--boundary\n\r"),
        WHOLE.replace(b"--boundary\r\n", b"--boundary  \t\r\n"),
        WHOLE.replace(b"--boundary\r\n", b"--boundary\r\n--boundary\r\n"),
        WHOLE.replace(b"--boundary\r\n", b"--boundary--\r\n"),
        WHOLE.replace(b"--boundary--\r\n", b"--boundary--"),
        WHOLE.replace(b"--boundary--\r\n", b"--boundary"),
        WHOLE.replace(b"\r\n--boundary--\r\n", b"\r\n"),
        WHOLE.replace(b"\r\n--boundary--\r\n", b""),
        WHOLE.replace(b"\r\n--boundary--", b"--boundary--"),
        b"\r\n" + WHOLE,
        b"\r\n\r\n\r\n" + WHOLE + b"\r\n\r\n",
        b"A preamble for people.\r\n" + WHOLE + b"An epilogue.",
        multipart(PICTURE_PART, TEXT_PART),
        WHOLE.replace(PICTURE, PICTURE + b"\0" * 37),
        WHOLE.replace(b"Content-Length: 9", b"no header at all\r\n: nor this\r\nContent-Length 9"),
        WHOLE.replace(b'name="MoveDetection.xml"', b'name="\xb4\xf3\xc3\xc5\xff"'),
        WHOLE.replace(b"Content-Type: image/jpeg", b"Content-Type: Content-Type: image/jpeg"),
        WHOLE.replace(b"Content-Type: image/jpeg", b"Content-Type: text/html"),
        WHOLE.replace(b"Content-Length: 14\r\n\r\n", b"Content-Length: 14\r\n"),
        WHOLE.replace(b"Content-Length: 9\r\n\r\n", b"Content-Length: 9\r\n"),
        multipart(part(XML), part(PICTURE)),
        multipart(XML, PICTURE),
        multipart(part(b"", NAMED.format("empty")), TEXT_PART, PICTURE_PART, b""),
        multipart(TEXT_PART, part(b"\r\n\r\n" + PICTURE, "Content-Type: image/jpeg")),
        multipart(TEXT_PART, part(base64.b64encode(PICTURE), "Content-Transfer-Encoding: base64")),
        multipart(TEXT_PART, part(base64.encodebytes(PICTURE), "Content-Type: image/jpeg")),
    ],
    ids=str,
)
def test_a_bent_body_gives_what_a_straight_one_gives(body: bytes) -> None:
    assert is_whole(opened(body, TYPE))
    assert is_whole(opened(body)) or not body.lstrip().startswith(b"--")


@pytest.mark.parametrize("boundary", ["x", "-", "---------------------------7e13971310878", "a+b(c)?", "<frontier>"])
def test_a_boundary_of_any_characters_delimits(boundary: str) -> None:
    body = multipart(TEXT_PART, PICTURE_PART, boundary=boundary)
    assert is_whole(opened(body, f'multipart/form-data; boundary="{boundary}"'))
    assert is_whole(opened(body, f"multipart/form-data; boundary={boundary}"))


def test_a_delimiter_without_its_dashes_delimits() -> None:
    assert is_whole(opened(WHOLE.replace(b"--boundary", b"boundary"), TYPE))


def test_a_text_keeps_all_but_the_line_end_before_the_delimiter() -> None:
    (document,) = opened(multipart(part(b"a\r\n\r\nb", NAMED.format("note"))), TYPE).documents
    assert (document.kind, document.name, document.root) == ("text", "note", "a\r\n\r\nb")


def test_each_picture_knows_its_part() -> None:
    inner = multipart(
        part(PICTURE + SMALL, NAMED.format("faces") + '; filename="a;b.jpg"', "Content-ID: <face_image>"),
        part(PICTURE, NAMED.format("faces")),
        part(SMALL, "content-disposition: form-data; name=Plain; filename*=UTF-8''%E9%97%A8.jpg"),
    )
    found = opened(inner, TYPE).pictures
    assert [(each.part_name, each.filename, each.content_id, each.place, each.offset) for each in found] == [
        ("faces", "a;b.jpg", "face_image", 0, 0),
        ("faces", "a;b.jpg", "face_image", 0, len(PICTURE)),
        ("faces", None, None, 1, 0),
        ("Plain", "门.jpg", None, 2, 0),
    ]
    assert [each.body for each in found] == [PICTURE, SMALL, PICTURE, SMALL]


def test_parts_may_have_parts() -> None:
    inner = multipart(PICTURE_PART, boundary="boundary2")
    body = multipart(TEXT_PART, part(inner, "Content-Type: multipart/mixed; boundary=boundary2"))
    assert is_whole(opened(body, TYPE))


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (PICTURE[:-40], ["Content-Type: image/jpeg"]),
        (PICTURE[:-40], []),
        (b"<html><script>alert(1)</script></html>", ["Content-Type: image/jpeg"]),
        (b"<html><script>alert(1)</script></html>", [NAMED.format("Picture.jpg")]),
        (b"<!DOCTYPE html><html></html>", [NAMED.format("Picture") + '; filename="Picture.JPG"']),
        (b"\x01\x02\x03" * 50, ["Content-Type: image/jpg"]),
        (b"not a picture", ["Content-Type: image/png"]),
        (b"GIF89a and more", [NAMED.format("Picture")]),
    ],
)
def test_a_part_that_should_be_a_picture_and_is_none_is_broken(content: bytes, headers: list[str]) -> None:
    envelope = opened(multipart(TEXT_PART, part(content, *headers)), TYPE)
    assert envelope.pictures == ()
    assert len(envelope.broken) == 1
    assert [type(document.root) for document in envelope.documents] == [Element]


def test_a_broken_picture_does_not_take_the_whole_one_beside_it() -> None:
    envelope = opened(multipart(part(PICTURE[:-40], NAMED.format("face.jpg")), PICTURE_PART), TYPE)
    assert bodies(envelope) == [PICTURE]
    assert envelope.broken == ("'face.jpg': the JPEG is cut off: it has no end (FF D9)",)


def test_an_address_in_the_place_of_a_picture_is_a_text() -> None:
    body = multipart(part(b"http://192.168.1.64/p.jpg", NAMED.format("Picture.jpg")))
    envelope = opened(body, TYPE)
    assert (envelope.documents[0].root, envelope.broken) == ("http://192.168.1.64/p.jpg", ())


@pytest.mark.parametrize(
    "body", [b"", b"\r\n", b"--boundary--", multipart(), multipart(b"", b""), multipart(part(b"", NAMED.format("hi")))]
)
def test_a_body_of_nothing_is_empty(body: bytes) -> None:
    assert opened(body, TYPE).is_empty


def test_a_part_of_nothing_tells_its_name() -> None:
    (document,) = opened(multipart(part(b"\r\n", NAMED.format("heartbeat"))), TYPE).documents
    assert (document.kind, document.name, document.root) == ("text", "heartbeat", "")


def test_more_parts_or_pictures_than_a_camera_sends_are_refused() -> None:
    with pytest.raises(UnreadableError, match="more than 64 pictures"):
        opened(SMALL * (limits.PICTURES + 1))
    assert len(opened(SMALL * limits.PICTURES).pictures) == limits.PICTURES
    with pytest.raises(UnreadableError, match="more than 256 parts"):
        opened(multipart(*[part(json.dumps({}).encode())] * limits.PARTS))
