"""Models of bodies, which take no longer for JSON of odd types."""

from __future__ import annotations

import time

import pytest

from stacks.api.request_schemas import COMPARISON, DETECTION
from workbench.local.api_gateway.request_model import fits


@pytest.mark.parametrize(
    ("body", "fit"),
    [
        (b'{"images": ["a", "b"]}', True),
        (b'{"images": []}', True),
        (b'{"images": null}', True),
        (b'{"images": ["a", 1]}', False),
        (b'{"images": [["a"]]}', False),
        (b'{"images": "a"}', False),
        (b'{"max_results": 1.5}', False),
        (b'{"max_results": ' + b"9" * 5000 + b"}", False),
        (b'{"x": NaN}', False),
        (b"[" * 200_000, False),
        (b"\xff", False),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_lists_of_strings_and_numbers(body: bytes, fit: bool) -> None:
    assert fits(body, DETECTION) is fit


def test_a_comparisons_list_too() -> None:
    assert fits(b'{"source_image": "a", "target_images": ["b"]}', COMPARISON)
    assert not fits(b'{"source_image": "a", "target_images": [2]}', COMPARISON)


def test_millions_of_strings_take_no_ten_seconds() -> None:
    body = b'{"images": [' + b",".join([b'""'] * 3_000_000) + b"]}"
    begun = time.process_time()
    assert fits(body, DETECTION)
    assert time.process_time() - begun < 3
