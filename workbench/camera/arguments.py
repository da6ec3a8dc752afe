"""Arguments of a camera that no request could carry, refused in one sentence before anything is sent."""

from __future__ import annotations

import argparse
import re

import httpx

API_KEY_VARIABLE = "IPC_API_KEY"
"""Environment variable that holds the API key of ``send``."""
_LAST_PORT = 65535
_VISIBLE = re.compile(r"[!-~]+(?: +[!-~]+)*")


def api_url(text: str) -> str:
    """Type of an argument that is the URL of the API."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL()
    is_of_web = url.scheme in ("http", "https") and url.host
    if not is_of_web or " " in text or url.port not in (None, *range(1, _LAST_PORT + 1)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no URL of an API; write all of it, such as https://HOST/prod/inference"
        )
    return text


def api_key(text: str) -> str:
    """Type of an argument that is an API key; its text is a secret, which no error repeats."""
    if text and not _VISIBLE.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"the API key, here or in {API_KEY_VARIABLE}, has a line break, a space at an end or a character outside "
            "ASCII; write the key alone"
        )
    return text


def content_type(text: str) -> str:
    """Type of an argument that is a content type."""
    if not _VISIBLE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no content type; write for example --accept application/json")
    return text
