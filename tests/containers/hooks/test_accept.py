"""The content type of an answer by the header Accept, as RFC 9110 has it."""

from __future__ import annotations

import pytest

from ipc_ai_serving.errors import UnsupportedMediaTypeError
from ipc_ai_serving.hooks.accept import accepted

JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        (",", "application/json"),
        ("*", "application/json"),
        ("*/*", "application/json"),
        (JAVA, "application/json"),
        (BROWSER, "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/csv"),
        ("text/*;q=0.1, */*;q=0.5", "application/json"),
        ("text/csv;q=0.5", "text/csv"),
        ("text/csv;q=0.1, application/json", "application/json"),
        ("text/csv; q=.1, application/json; q=.2", "application/json"),
        ("text/csv, application/json", "text/csv"),
        ("application/x-npy, */*", "application/x-npy"),
        ("application/json;q=0, */*", "text/csv"),
        ("*/*;q=0.1, application/json;q=0, text/csv;q=0", "application/x-npy"),
        ("Application/JSON; odata=verbose", "application/json"),
        ("TEXT/CSV; Q=0.4; charset=utf-8, image/png;q=0.3", "text/csv"),
        ("image/png", "image/png"),
        ("image/gif;q=0.2, image/png;q=0.7", "image/png"),
        ("image/png, application/json;q=0", "image/png"),
    ],
)
def test_what_is_accepted(accept: str | None, expected: str) -> None:
    assert accepted(accept) == expected


@pytest.mark.parametrize("accept", ["*/*;q=0", "application/json;q=0", "image/png;q=0.0, text/csv;q=0"])
def test_a_client_that_takes_nothing_is_told_what_there_is(accept: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="application/json, text/csv"):
        accepted(accept)
