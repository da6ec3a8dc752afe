"""Pictures in base64, in every text in which devices and templates put them."""

from __future__ import annotations

import base64
import json
import textwrap
import urllib.parse
from typing import Any

import pytest

from camera_push.documents import Element
from camera_push.envelope import Envelope
from tests.camera_pictures import bodies, multipart, opened, part, picture

PICTURE, SMALL = picture(), picture(size=8)
TEXT, SMALL_TEXT = base64.b64encode(PICTURE).decode(), base64.b64encode(SMALL).decode()
# Their lengths leave each remainder of three, so that both kinds of padding are there.
PADDED = [picture(size=size) for size in range(8, 40)]


def in_json(envelope: Envelope) -> Any:
    (document,) = envelope.documents
    assert document.kind == "json"
    return document.root


def in_xml(envelope: Envelope) -> Element:
    (document,) = envelope.documents
    assert isinstance(document.root, Element)
    return document.root


def test_a_picture_leaves_its_number_in_the_text() -> None:
    envelope = opened(json.dumps({"a": {"Content": TEXT}, "b": [SMALL_TEXT, "x"], "c": TEXT}).encode())
    assert in_json(envelope) == {"a": {"Content": "picture:0"}, "b": ["picture:1", "x"], "c": "picture:2"}
    assert bodies(envelope) == [PICTURE, SMALL, PICTURE]
    assert envelope.pictures_at("picture:1") == (envelope.pictures[1],)
    assert envelope.pictures_at("picture:7") == envelope.pictures_at(None) == envelope.pictures_at("x picture:1") == ()


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        TEXT.rstrip("="),
        TEXT.replace("/", r"\/"),
        TEXT.replace("/", r"\u002f").replace("+", r"\u002B").replace("=", r"\u003D"),
        TEXT.replace("+", "-").replace("/", "_"),
        TEXT.replace("+", "-").replace("/", "_").rstrip("="),
        r"\r\n".join(textwrap.wrap(TEXT, 76)),
        " ".join(textwrap.wrap(TEXT, 76)),
        textwrap.indent(textwrap.fill(TEXT, 76), "\t"),
        r"\n".join(textwrap.wrap(TEXT, 64)) + r"\n",
        "\r\n".join(textwrap.wrap(TEXT, 76)),
        "data:image/jpeg;base64," + TEXT,
        "data:image/jpeg;base64, " + TEXT,
        r"data:image\/jpeg;base64," + TEXT.replace("/", r"\/"),
        "data:image/jpeg;charset=utf-8;base64," + TEXT,
        "data:;base64," + TEXT,
    ],
)
def test_json_writes_base64_in_many_ways(written: str) -> None:
    envelope = opened(b'{"when": 1, "image": "%s", "then": 2}' % written.encode(), "application/json")
    assert bodies(envelope) == [PICTURE]
    root = in_json(envelope)
    assert envelope.numbers_at(root.pop("image")) == (0,)
    assert root == {"when": 1, "then": 2}


@pytest.mark.parametrize("body", PADDED, ids=len)
def test_every_length_of_padding_comes_out_whole(body: bytes) -> None:
    text = base64.b64encode(body).decode()
    for written in (text, text.rstrip("="), text.replace("/", r"\/").rstrip("=")):
        assert bodies(opened(b'{"image": "%s"}' % written.encode())) == [body]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP"])
def test_every_form_is_known_in_base64(form: str) -> None:
    body = picture(form)
    assert bodies(opened(json.dumps({"image": base64.b64encode(body).decode()}).encode())) == [body]


@pytest.mark.parametrize(
    "written",
    [
        base64.b64encode(PICTURE + SMALL).decode(),
        TEXT + SMALL_TEXT,
        TEXT + "," + SMALL_TEXT,
        TEXT + ";" + SMALL_TEXT,
        "data:image/jpeg;base64," + TEXT + ", data:image/jpeg;base64," + SMALL_TEXT,
        TEXT.replace("/", r"\/") + SMALL_TEXT,
        (TEXT + SMALL_TEXT).replace("/", r"\/"),
    ],
)
def test_several_pictures_in_one_string_are_several(written: str) -> None:
    envelope = opened(b'{"Content": "%s"}' % written.encode())
    assert bodies(envelope) == [PICTURE, SMALL]
    assert in_json(envelope) == {"Content": "picture:0,1"}
    assert len(envelope.pictures_at("picture:0,1")) == 2


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        f"<![CDATA[{TEXT}]]>",
        f"<![CDATA[\n{textwrap.fill(TEXT, 76)}\n]]>",
        textwrap.indent(textwrap.fill(TEXT, 76), "    "),
        "&#13;\n".join(textwrap.wrap(TEXT, 76)),
        "&#xD;&#xA;".join(textwrap.wrap(TEXT, 76)),
        f"data:image/jpeg;base64,{TEXT}",
        TEXT.rstrip("="),
    ],
)
def test_xml_writes_base64_in_many_ways(written: str) -> None:
    envelope = opened(f'<?xml version="1.0"?><a><b>{written}</b><c>Gate</c></a>'.encode(), "text/xml")
    assert bodies(envelope) == [PICTURE]
    assert (in_xml(envelope).text_of("b"), in_xml(envelope).text_of("c")) == ("picture:0", "Gate")


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        urllib.parse.quote(TEXT, safe=""),
        urllib.parse.quote(TEXT),
        TEXT.replace("+", "%2b").replace("/", "%2f").replace("=", "%3d"),
        urllib.parse.quote("data:image/jpeg;base64," + TEXT, safe=""),
        "data:image/jpeg;base64," + TEXT,
        urllib.parse.quote(base64.encodebytes(PICTURE).decode(), safe=""),
    ],
)
def test_forms_write_base64_in_many_ways(written: str) -> None:
    body = f"camera=gate+1&image={written}&time=2026-10-14T08:15:30+08:00".encode()
    for content_type in ("application/x-www-form-urlencoded", None):
        envelope = opened(body, content_type)
        assert bodies(envelope) == [PICTURE]
        assert envelope.documents[0].root == {
            "camera": "gate 1",
            "image": "picture:0",
            "time": "2026-10-14T08:15:30+08:00",
        }


def test_lines_of_pairs_keep_what_follows_a_wrapped_picture() -> None:
    body = b"camera=gate\nimage=" + base64.encodebytes(PICTURE) + b"time=8\nname=x\n"
    envelope = opened(body)
    assert bodies(envelope) == [PICTURE]
    assert envelope.documents[0].root == {"camera": "gate", "image": "picture:0", "time": "8", "name": "x"}


@pytest.mark.parametrize("prefix", [b"", b"data:image/jpeg;base64,", b"\r\n"])
def test_a_body_of_nothing_but_base64_is_its_picture(prefix: bytes) -> None:
    for content_type in ("text/plain", "image/jpeg", None):
        envelope = opened(prefix + base64.encodebytes(PICTURE), content_type)
        assert (bodies(envelope), envelope.documents, envelope.broken) == ([PICTURE], (), ())


def test_json_within_json_loses_no_quotation_mark() -> None:
    envelope = opened(json.dumps({"data": json.dumps({"image": TEXT, "n": 1})}).encode())
    assert bodies(envelope) == [PICTURE]
    assert json.loads(in_json(envelope)["data"]) == {"image": "picture:0", "n": 1}


def test_base64_in_a_part_knows_its_part() -> None:
    info = part(json.dumps({"i": TEXT}).encode(), 'Content-Disposition: x; name="info"')
    envelope = opened(multipart(part(b"note"), info))
    assert [(each.part_name, each.place) for each in envelope.pictures] == [("info", 1)]


@pytest.mark.parametrize(
    "value",
    [
        TEXT[:400] + "*#" + TEXT[402:],
        TEXT[:400],
        TEXT[:401],
        base64.b64encode(b"<html>" + b"no picture " * 20 + b"</html>").decode(),
        base64.b64encode(b"\x01\x02" * 2000).decode(),
        "data:image/jpeg;base64,AAAA",
        "data:image/jpeg;base64,",
        "/9j/AAAA",
        "Ab+z" * 25,
        "ab*d" + "efgh" * 30,
    ],
)
@pytest.mark.parametrize(
    "key", ["image", "PicData", "Content", "ObjectImage", "Background", "image_base64_enc", "img1"]
)
def test_base64_that_should_be_a_picture_and_is_none_is_broken(value: str, key: str) -> None:
    envelope = opened(json.dumps({"NormalPic": {key: value, "name": "x"}}).encode())
    assert envelope.pictures == ()
    assert len(envelope.broken) == 1
    assert in_json(envelope) == {"NormalPic": {key: "broken:0", "name": "x"}}


def test_broken_base64_of_xml_is_told_by_its_type_or_its_name() -> None:
    value = base64.b64encode(b"\x01\x02" * 2000).decode()
    for element in (f'<d type="jpegBase64"><![CDATA[{value}]]></d>', f"<picData>{value}</picData>"):
        assert len(opened(f"<a>{element}</a>".encode()).broken) == 1
    assert opened(f"<a><feature>{value}</feature></a>".encode()).broken == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("featureValue", base64.b64encode(b"\x01\x02" * 2000).decode()),
        ("imageUrl", "http://192.168.1.64/" + "a" * 100),
        ("image", "http://192.168.1.64/" + "a" * 100),
        ("image", "8c1d2d1a-5b0e-4c71-9f0d-0a1b2c3d4e5f"),
        ("image", "a" * 64),
        ("picture", "/mnt/appdata1/snap/20261014081530.jpg"),
        ("image", ""),
        ("image", "none"),
        ("PicName", "k" * 80),
        ("message", "words " * 100),
    ],
)
def test_other_long_words_are_no_broken_pictures(key: str, value: str) -> None:
    assert opened(json.dumps({key: value, "x": 1}).encode()).broken == ()


def test_a_long_word_that_is_no_picture_is_cut_out_too() -> None:
    envelope = opened(json.dumps({"featureValue": "A" * 5000}).encode())
    assert in_json(envelope) == {"featureValue": "base64:5000"}


def test_three_pictures_in_one_string_are_three() -> None:
    envelope = opened(json.dumps({"Content": TEXT + "," + SMALL_TEXT + TEXT}).encode())
    assert bodies(envelope) == [PICTURE, SMALL, PICTURE]
    assert envelope.numbers_at(in_json(envelope)["Content"]) == (0, 1, 2)


def test_an_icon_of_a_menu_is_no_broken_picture() -> None:
    icon = "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>" * 300).decode()
    assert opened(json.dumps({"icon": icon, "short": icon[:60]}).encode()).broken == ()


def test_a_broken_picture_of_json_within_json_loses_no_quotation_mark() -> None:
    envelope = opened(json.dumps({"data": json.dumps({"image": TEXT[:400] + "*#" + TEXT[402:], "n": 1})}).encode())
    assert json.loads(in_json(envelope)["data"]) == {"image": "broken:0", "n": 1}


def test_blank_lines_are_no_base64() -> None:
    assert in_json(opened(b'{"n":' + b"\n" * 3000 + b"1}")) == {"n": 1}


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_base64_that_has_lost_a_character_is_broken_though_an_end_came_before(missing: int) -> None:
    whole = base64.b64encode(PICTURE + bytes(300 - len(PICTURE) % 3)).decode()
    assert bodies(opened(json.dumps({"image": whole}).encode())) == [PICTURE]
    assert opened(json.dumps({"image": whole[:-missing]}).encode()).broken == ("the base64 of the picture is damaged",)
