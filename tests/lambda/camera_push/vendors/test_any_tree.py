"""No vendor's module raises, whatever stands where a word should, and all facts are bounded and fit for JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_push import vendors
from camera_push.documents import Document, Element
from camera_push.envelope import Envelope, FoundPicture
from camera_push.push import Push, Sent

SOURCES = [*Path(vendors.__file__).parent.glob("*.py"), *Path(vendors.__file__).parent.parent.glob("facts/*.py")]


@cache
def _known_words() -> list[str]:
    """Every text in the modules: the keys, names and paths that they look for."""
    text = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    return sorted({word for quoted in text.split('"')[1::2] if len(quoted) < 40 for word in quoted.split("/") if word})


def _known_word(number: int) -> str:
    return _known_words()[number % len(_known_words())]


WORDS = st.integers(0, 9999).map(_known_word)
TEXTS = st.one_of(
    WORDS,
    st.text(max_size=20),
    st.sampled_from(["picture:0", "picture:1,0", "picture:9", "broken:0", "1772421200", "2026-03-02T07:08:09-5:00"]),
    st.builds("{}{}".format, WORDS, st.text(max_size=300)),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, TEXTS), inner, max_size=8)),
    max_leaves=25,
)
ELEMENTS = st.recursive(
    st.builds(Element, WORDS, st.dictionaries(WORDS, TEXTS, max_size=3), TEXTS),
    lambda inner: st.builds(
        Element, WORDS, st.dictionaries(WORDS, TEXTS, max_size=3), TEXTS, st.lists(inner, max_size=5).map(tuple)
    ),
    max_leaves=15,
)
NAMES = st.one_of(st.none(), TEXTS)
DOCUMENTS = st.one_of(
    st.builds(Document, st.sampled_from(["json", "pairs"]), NAMES, TREES),
    st.builds(Document, st.just("xml"), NAMES, ELEMENTS),
    st.builds(Document, st.just("text"), NAMES, TEXTS),
)
PICTURES = st.builds(FoundPicture, st.binary(max_size=9), NAMES, NAMES, NAMES, st.integers(0, 3), st.integers(0, 9))
ENVELOPES = st.builds(
    Envelope,
    st.lists(DOCUMENTS, max_size=3).map(tuple),
    st.lists(PICTURES, max_size=4).map(tuple),
    st.sampled_from([(), ("cut",)]),
)
SENT = st.builds(
    Sent,
    st.sampled_from(["POST", "PUT", "GET"]),
    st.builds("/{}/{}".format, WORDS, TEXTS),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.dictionaries(st.sampled_from(["user-agent", "content-type", "content-disposition"]), TEXTS),
)


def _is_bounded(push: Push) -> None:
    words = [push.event_type, push.event_state, push.camera_id, push.channel, *push.ids.values()]
    words += [picture.name for picture in push.pictures] + [push.time.raw if push.time else None]
    for word in words:
        assert word is None or (0 < len(word) <= 256 and word.isprintable())
    written = json.dumps(dict(push.claims), allow_nan=False)
    assert len(written.encode()) < 20_000
    assert all(len(value) <= 256 and value.isprintable() for value in _texts(dict(push.claims)))
    assert {picture.role for picture in push.pictures} <= {"background", "crop", "object"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("vendor", vendors.VENDORS, ids=lambda vendor: vendor.__name__.rpartition(".")[2])
@settings(max_examples=60, deadline=None)
@given(sent=SENT, envelope=ENVELOPES)
def test_no_vendor_raises(vendor: vendors.Vendor, sent: Sent, envelope: Envelope) -> None:
    vendor.reads(sent, envelope)
    push = vendor.push(sent, envelope)
    assert tuple(picture.body for picture in push.pictures) == tuple(picture.body for picture in envelope.pictures)
    assert push.broken == envelope.broken
    _is_bounded(push)


@settings(max_examples=300, deadline=None)
@given(sent=SENT, envelope=ENVELOPES)
def test_every_push_has_a_vendor(sent: Sent, envelope: Envelope) -> None:
    push = vendors.recognise(sent, envelope)
    _is_bounded(push)
    if envelope.pictures or envelope.broken:
        assert push.kind.value == "event"
