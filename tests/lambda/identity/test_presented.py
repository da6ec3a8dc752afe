from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.credentials import Key
from inference_api.identity.presented import presented
from inference_api.proxy import Request
from tests.camera_tables import event

KEY = Key("a1b2c3d4e5", "Aa0Bb1Cc2Dd3Ee4F")
SECRET = KEY.secret


def basic(text: str | bytes, scheme: str = "Basic") -> dict[str, str]:
    data = text.encode() if isinstance(text, str) else text
    return {"Authorization": f"{scheme} {base64.b64encode(data).decode()}"}


def ways(headers: dict[str, str] | None = None, query: dict[str, str] | None = None, **more: Any) -> list[Any]:
    sent = event(headers, query) | more
    return [(each.user, each.key, each.secret) for each in presented(Request(sent, "1"))]


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bAsIc"])
def test_basic_is_a_user_and_a_secret(scheme: str) -> None:
    assert ways(basic(f"gate-1:{SECRET}", scheme)) == [("gate-1", None, SECRET)]


def test_a_password_may_be_the_whole_key() -> None:
    assert ways(basic(f"gate-1:{KEY.text}")) == [("gate-1", KEY, SECRET)]


def test_a_mac_address_is_a_user_for_its_colons_stand_before_the_last() -> None:
    assert ways(basic(f"44:a6:42:10:20:30:{SECRET}")) == [("44:a6:42:10:20:30", None, SECRET)]


def test_padding_may_be_missing() -> None:
    encoded = base64.b64encode(f"gate-1:{SECRET}".encode()).decode()
    assert encoded.endswith("=")
    assert ways({"authorization": f"Basic   {encoded.rstrip('=')} "}) == [("gate-1", None, SECRET)]


def test_values_of_a_repeated_header_may_come_joined() -> None:
    other = basic("admin:admin")["Authorization"]
    joined = f'Digest username="", realm="a, b", {other}, {basic(f"gate-1:{SECRET}")["Authorization"]}'
    assert ways({"authorization": joined, "x-api-key": f"old, {KEY.text}"}) == [
        ("admin", None, "admin"),
        ("gate-1", None, SECRET),
        ("", None, ""),
        ("", KEY, SECRET),
    ]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": "Basic %%%"}, ("", None, "")),
        ({"Authorization": "Basic é"}, ("", None, "")),
        ({"Authorization": "Basic A"}, ("", None, "")),
        (basic(b"gate-1:\xff\xfe"), ("gate-1", None, "��")),
        (basic(b"\xc4ngel:secret"), ("�ngel", None, "secret")),
        (basic("gate-1"), ("", None, "gate-1")),
        (basic(":"), ("", None, "")),
        ({"x-api-key": "short"}, ("", None, "")),
        ({"Authorization": "Bearer é" + "x" * 10_000}, ("", None, "")),
    ],
)
def test_a_broken_credential_is_one_that_is_wrong(headers: dict[str, str], expected: Any) -> None:
    assert ways(headers) == [expected]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": f"Bearer {KEY.text}"}, None),
        ({"authorization": f"bearer  {KEY.text} "}, None),
        ({"authorization": f"Bearer\t{KEY.text}"}, None),
        ({"X-Api-Key": KEY.text}, None),
        ({"x-api-key": f" {KEY.text}\t"}, None),
        (basic(f"{KEY.text}:"), None),
        (None, {"k": KEY.text}),
        (None, {"key": KEY.text, "other": "1"}),
        (None, {"k": f"{KEY.text}/NotificationInfo/TollgateInfo"}),
        (None, {"k": f"{KEY.text}?channel=1"}),
    ],
)
def test_a_whole_key_goes_in_a_header_or_in_the_url(headers: Any, query: Any) -> None:
    assert ways(headers, query) == [("", KEY, SECRET)]


def test_a_key_that_goes_on_is_none() -> None:
    assert ways(None, {"k": KEY.text + "x"}) == [("", None, "")]


@pytest.mark.parametrize(
    "value",
    [
        'Digest username="cam7", realm="", nonce="", uri="/NotificationInfo/TollgateInfo", qop="", response="0"',
        "AWS4-HMAC-SHA256 Credential=AKIA/20261129/us-east-1/execute-api/aws4_request",
        "NTLM TlRMTVNTUAAB",
        "Basic",
        "Bearer ",
        "",
        "  ",
        KEY.text,
    ],
)
def test_other_schemes_and_empty_ones_are_no_credential(value: str) -> None:
    assert ways({"Authorization": value}) == []
    assert ways({"Authorization": value}, {"k": KEY.text}) == [("", KEY, SECRET)]


def test_headers_come_before_the_url_and_four_ways_are_tried() -> None:
    sent = {
        "multiValueHeaders": {
            "Authorization": [basic("a:1")["Authorization"], f"Bearer {KEY.text}"],
            "X-API-Key": ["one"],
        },
        "multiValueQueryStringParameters": {"k": [KEY.text, "two"], "key": ["three"]},
    }
    assert ways(None, None, **sent) == [("a", None, "1"), ("", KEY, SECRET), ("", None, ""), ("", KEY, SECRET)]


def test_an_event_without_several_values_has_single_ones() -> None:
    sent = event({"X-Api-Key": KEY.text}, {"k": KEY.text}) | {
        "multiValueHeaders": None,
        "multiValueQueryStringParameters": None,
    }
    assert len(presented(Request(sent, "1"))) == 2


def test_no_text_of_a_credential_has_its_secret() -> None:
    for each in presented(Request(event(basic(f"gate-1:{KEY.text}"), {"k": KEY.text}), "1")):
        assert SECRET not in repr(each)


@given(
    st.dictionaries(
        st.sampled_from(["Authorization", "authorization", "x-api-key", "X-Api-Key"]),
        st.one_of(
            st.text(max_size=80),
            st.binary(max_size=60).map(lambda data: "Basic " + base64.b64encode(data).decode()),
            st.text(max_size=60).map(lambda text: f"bearer {text}"),
        ),
    ),
    st.one_of(st.none(), st.dictionaries(st.sampled_from(["k", "key", "K"]), st.text(max_size=80))),
)
def test_any_header_is_read(headers: dict[str, str], query: dict[str, str] | None) -> None:
    found = presented(Request(event(headers, query), "1"))
    assert len(found) <= 4
    assert all(each.key is None or each.secret == each.key.secret for each in found)
