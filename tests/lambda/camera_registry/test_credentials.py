from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from camera_registry import credentials
from camera_registry.credentials import Credential

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_only_its_own_secret_proves_a_key() -> None:
    key, credential = credentials.make(credentials.OF_A_CAMERA, NOW)
    other, _ = credentials.make(credentials.OF_A_CAMERA, NOW)
    assert credentials.parsed(key.text) == key
    assert len(key.text) <= 32
    assert len(key.secret) <= 16  # of the longest password of a camera's menu
    assert credential.proves(key.secret, NOW)
    assert not credential.proves(other.secret, NOW)
    assert not credential.proves("", NOW)


def test_a_rotated_key_ends_at_its_time() -> None:
    key, made = credentials.make(credentials.OF_A_CAMERA, NOW)
    credential = replace(made, expires=NOW + timedelta(hours=1))
    assert credential.proves(key.secret, NOW)
    assert not credential.proves(key.secret, NOW + timedelta(hours=1))


def test_what_is_kept_tells_no_secret_and_comes_back_whole() -> None:
    key, credential = credentials.make(("read",), NOW)
    document = credential.as_document()
    assert key.secret not in str(document)
    assert Credential.of_document(document) == credential


def test_other_texts_are_no_keys() -> None:
    key, _ = credentials.make(credentials.OF_A_CAMERA, NOW)
    for text in ("", key.name, key.text + "a", key.text[:-1] + "-", key.text + "\n"):
        assert credentials.parsed(text) is None
