from __future__ import annotations

import pytest

from workbench.__main__ import main
from workbench.camera.arguments import api_key, api_url


@pytest.mark.parametrize(
    "url",
    [
        "notaurl",
        "127.0.0.1:8000/prod/inference",
        "http://",
        "http:///prod/inference",
        "https:/host/prod",
        "ftp://host/prod",
        "http://host:port/",
        "http://host:0/",
        "http://host:99999/",
        "http://[::1/",
        "http://a b/",
        "http://a\nb/",
        " http://host/",
    ],
)
def test_a_url_that_is_none_is_not_taken_for_a_service_that_is_down(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["send", "frame.jpg", "--url", url])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"argument --url: {url!r} is no URL of an API; write all of it" in said
    assert "running" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/prod/inference",
        "HTTPS://host/x?min_confidence=0.5",
        "http://[::1]:9/",
        "http://é.example/ü",
    ],
)
def test_every_url_of_the_web_is_taken(url: str) -> None:
    assert api_url(url) == url


@pytest.mark.parametrize(
    "key", ["secret\nb", "secret\n", " secret", "secret ", "secret\r", "secreté", "密钥secret", "secret\x1b"]
)
@pytest.mark.parametrize("in_environment", [True, False])
def test_a_key_that_no_header_carries_is_refused_and_not_repeated(
    key: str, *, in_environment: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--api-key", key]
    if in_environment:
        monkeypatch.setenv("IPC_API_KEY", key)
        words = []
    with pytest.raises(SystemExit) as ended:
        main(["send", "frame.jpg", *words])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "the API key, here or in IPC_API_KEY, has a line break, a space at an end or" in said
    assert "secret" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("key", ["", "k", "0a-Z" * 10])
def test_every_other_key_is_taken(key: str) -> None:
    assert api_key(key) == key


def test_a_content_type_of_two_lines_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["send", "frame.jpg", "--accept", "text/csv\nX: y"])
    assert "is no content type; write for example --accept application/json" in capsys.readouterr().err
