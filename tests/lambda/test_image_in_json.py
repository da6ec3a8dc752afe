from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inference_api import image_in_json

KEY = "image"
# All that tells one document from another here, and what stands in the image's place while the rest is read.
PIECES = [
    *'{}[]:,"\\ \n\t0',
    *('"image"', '"image":', '"image": "', 'image"', '\\"image"', '\\"', '"\\', "\\u0022", "\\u0030", "\\n"),
    *('"QUJD"', "QUJD", "QQ==", "QQ", "=", '"0"', '"1"', '"\\u0030"', '"\\u0069mage"', '""', "null", "NaN", "1e999"),
    *('{"image": "QUJD"}', '"a": ', '"a": 1, ', "\x00", "\ufeff", "é", "\ud800"),
]
TEXTS = st.one_of(
    st.binary().map(lambda image: base64.b64encode(image).decode()),
    st.sampled_from(["", "0", "1", "QQ", "QQ==QQ==", 'a"b', "\\", "a\nb", "é", '"image": "QUJD"', '{"image": "0"}']),
    st.text(),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.sampled_from([KEY, "a", 'b"']), inner)),
    max_leaves=4,
)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """An object in JSON, keys more than once too, with spaces anywhere and escapes where there need be none."""
    keys = st.sampled_from([KEY, KEY, "a", 'b"', "\\", "images", "é"])
    spaces = st.text(" \t\r\n", max_size=2)
    written = [
        f"{draw(spaces)}{json.dumps(key)}{draw(spaces)}:{draw(spaces)}"
        f"{json.dumps(value, ensure_ascii=draw(st.booleans()))}{draw(spaces)}"
        for key, value in draw(st.lists(st.tuples(keys, VALUES), max_size=4))
    ]
    return f"{{{','.join(written)}}}"


@st.composite
def broken(draw: st.DrawFn) -> str:
    """An object with a piece put in, or some letters taken out."""
    text: str = draw(objects())
    begin = draw(st.integers(0, len(text)))
    piece: str = draw(st.sampled_from(["", *PIECES]))
    return text[:begin] + piece + text[begin + draw(st.integers(0, 3)) :]


def outcome(read: Callable[[], Any]) -> object:
    """What was read, or which error it was; in its own words, for NaN is not itself and 1 is True."""
    try:
        return repr(read())
    except (ValueError, RecursionError) as error:
        return type(error), str(error)


def encoded_again(text: str) -> Any:
    """What is read of a text, with an image that was decoded as the text that it was, once it is shown to be that."""
    document = image_in_json.loads(text, KEY)
    if isinstance(document, dict) and isinstance(document.get(KEY), bytes):
        written = json.loads(text)[KEY]
        assert document[KEY] == base64.b64decode(written, validate=True)
        return document | {KEY: written}
    return document


@given(st.one_of(objects(), broken(), st.lists(st.sampled_from(PIECES)).map("".join)))
@example('{"image": "QUJD", "image": "QUJE"}')
@example('{"image": "QUJD", "image": "0"}')
@example('{"image": "QUJD", "image": "\\u0030"}')
@example('{"image": "QUJD", "\\u0069mage": "QUJE"}')
@example('{"a": {"image": "QUJD"}, "image": "1"}')
@example('{"a": {"image": "QUJD"}}')
@example('[{"image": "QUJD"}]')
@example('{"a\\"image": "QUJD", "image": "0"}')
@example('{"a": "\\"image\\": \\"QUJD", "image": "QUJE"}')
@example('{"a": "image": "QUJD"}')
@example('{"image": "QUJD" "image": ""}')
@example('{"image": "QUJD\n"}')
@example('{"image": "QUJD!"}')
@example('{"image": "QUJD')
@example('{"image": "')
@example('{"image": "QUJD"} {}')
@example("[" * 100_000 + '{"image": "QUJD"}')
def test_it_agrees_with_json(text: str) -> None:
    assert outcome(lambda: encoded_again(text)) == outcome(lambda: json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        '{"image": "QUJD"}',
        '{"image":"QUJD","a":1}',
        '{"a": [{"images": 1}, "\\u95e8 \\"0\\""], "b": "1", \n"image"\t:\r\n"QUJD" }\n',
        '{"a": "门", "image": "QUJD"}',
    ],
    ids=["alone", "first", "last", "beside other letters"],
)
def test_a_plain_image_is_decoded_without_json(text: str) -> None:
    assert image_in_json.loads(text, KEY) == json.loads(text) | {KEY: b"ABC"}
