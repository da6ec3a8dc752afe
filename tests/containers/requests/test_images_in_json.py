from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc_ai_serving.requests import images_in_json

_IMAGE = bytes(range(256)) * 20
_OTHER = _IMAGE[::-1]
_TEXT, _OTHER_TEXT = base64.b64encode(_IMAGE).decode(), base64.b64encode(_OTHER).decode()


def _as_usual(body: bytes) -> Any:
    """Parse with ``json`` and decode the texts that are images, as the expected result."""

    def decoded(value: Any) -> Any:
        return base64.b64decode(value) if isinstance(value, str) and len(value) >= 4096 else value

    document = json.loads(body)
    if not isinstance(document, dict):
        return document
    return {
        key: [decoded(member) for member in value] if isinstance(value, list) else decoded(value)
        for key, value in document.items()
    }


@pytest.mark.parametrize(
    "body",
    [
        f'{{"image": "{_TEXT}"}}',
        f' {{ "min_confidence" : 0.5 ,\n"image" : "{_TEXT}" , "camera": "gate ö" }} \n',
        f'{{"source": "{_TEXT}", "targets": ["{_OTHER_TEXT}", "small", "{_TEXT}", 3, null, []]}}',
        f'{{"a": 1, "b": "{_TEXT}", "a": "{_OTHER_TEXT}"}}',
        f'{{"empty": "", "": "{_TEXT}"}}',
        f'{{"camera": "gate \\u00f6\\/\\n", "image": "{_TEXT}"}}',
    ],
)
def test_images_are_decoded(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _as_usual(body.encode())
    read: list[Any] = []
    loads = json.loads

    def counting(text: Any) -> Any:
        read.append(text)
        return loads(text)

    monkeypatch.setattr(json, "loads", counting)
    assert images_in_json.loads(body.encode()) == expected
    assert [len(text) < 200 for text in read] == [True]


@pytest.mark.parametrize(
    "body",
    [
        f'{{"a": "\\\\", "b": "{_TEXT}"}}',
        f'{{"a": "{_TEXT[:-1]}\\/"}}',
        f'{{"a": "{_TEXT}", "a": "{_OTHER_TEXT}"}}',
        f'{{"a": "{_TEXT}", "a": 1}}',
        f'{{"a": {{"b": "{_TEXT}"}}, "c": "{_OTHER_TEXT}"}}',
        f'{{"a": [["{_TEXT}"]]}}',
        f'{{"{_TEXT}": 1}}',
        f'["{_TEXT}"]',
        f'"{_TEXT}"',
        f'{{"a": "{_TEXT[:-4]}\\n{_TEXT[-4:]}"}}',
        f'{{"a": "{_TEXT}", "b": "\\u00000"}}',
        f'{{"a": "{_TEXT}", "b": "\\""}}',
        f'{{"a": "{_TEXT}-"}}',
        f'{{"a": "{_TEXT[:-1]}"}}',
        f'{{"a": "{_TEXT}ö"}}',
        f'{{"a": "{_TEXT}", "many": {json.dumps([str(number) for number in range(300)])}}}',
        '{"a": "b"}',
    ],
)
def test_everything_else_is_as_json_has_it(body: str) -> None:
    assert images_in_json.loads(body.encode()) == json.loads(body)


@pytest.mark.parametrize("rest", ["[" + "1," * 40_000 + "1]", '"' * 7_000_000])
def test_a_long_rest_is_not_looked_through(rest: str) -> None:
    body = f'{{"a": {rest}, "b": "{_TEXT}"}}'.encode()
    assert images_in_json._cut(body) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("text", [_TEXT, "䅁" * 5000])
def test_other_encodings(encoding: str, text: str) -> None:
    body = f'{{"a": "{text}"}}'.encode(encoding)
    assert images_in_json.loads(body) in (json.loads(body), _as_usual(body) if text == _TEXT else None)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"a": "{_TEXT}"',
        f'{{"a": "{_TEXT}',
        f'{{"a": "{_TEXT}" "b"}}',
        f'{{"a": {_TEXT}"}}',
        f'{{"a": "{_TEXT}\n"}}',
        f'{{"a": "{_TEXT}", "b": "\0"}}',
        f'{{"a": "{_TEXT}"}}{{"b": "{_TEXT}"}}',
        f'{{"a": "{_TEXT}", "b": {"[" * 60_000}',
        f'"a": "{_TEXT}"',
    ],
)
def test_what_is_no_json_is_none(body: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        json.loads(body)
    with pytest.raises((ValueError, RecursionError)):
        images_in_json.loads(body.encode())


_SMALL = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("\0000"), st.just("\\"))
_LARGE = st.sampled_from([_TEXT, _OTHER_TEXT])
_VALUES = st.one_of(_SMALL, _LARGE, st.lists(st.one_of(_SMALL, _LARGE, st.lists(_LARGE, max_size=1)), max_size=3))


@settings(deadline=None)
@given(
    document=st.dictionaries(st.one_of(st.text(max_size=3), _LARGE), _VALUES, max_size=4),
    ascii_alone=st.booleans(),
    cut=st.one_of(st.none(), st.integers(0, 30_000)),
)
def test_any_document(document: dict[str, Any], ascii_alone: bool, cut: int | None) -> None:
    body = json.dumps(document, ensure_ascii=ascii_alone).encode()[:cut]
    try:
        expected = json.loads(body)
    except ValueError:
        with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
            images_in_json.loads(body)
        return
    assert images_in_json.loads(body) in (expected, _as_usual(body))
