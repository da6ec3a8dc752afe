"""Deflated bodies."""

from __future__ import annotations

import gzip
import zlib

import pytest

from workbench.local.api_gateway.content_encoding import inflated
from workbench.local.api_gateway.gateway_responses import RefusedError

BODY = b"\xff\xd8 a frame " * 100


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("", BODY),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY)),
        ("GZIP ", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
    ],
)
def test_the_function_gets_what_was_deflated(coding: str, sent: bytes) -> None:
    assert inflated(sent, coding, len(BODY)) == BODY


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("gzip", BODY),
        ("deflate", BODY),
        ("gzip", gzip.compress(BODY)[:-9]),
        ("br", BODY),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
    ],
)
def test_what_is_in_another_coding_is_refused(coding: str, sent: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        inflated(sent, coding, len(BODY))
    assert (refused.value.kind, refused.value.status) == ("UNSUPPORTED_MEDIA_TYPE", 415)


def test_a_bomb_stops_at_the_limit() -> None:
    with pytest.raises(RefusedError) as refused:
        inflated(zlib.compress(bytes(50_000_000)), "deflate", 1000)
    assert refused.value.status == 413
