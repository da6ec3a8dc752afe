from __future__ import annotations

import re
import shlex

import pytest

from camera_registry.credentials import Key
from workbench.cameras.instructions import instructions, user_name
from workbench.cameras.menus import MENUS, vendor
from workbench.errors import CameraError

KEY = Key("abcdefghij", "0123456789abcdef")
CHINA = "https://abc1234567.execute-api.cn-northwest-1.amazonaws.com.cn/prod/push"


@pytest.mark.parametrize("name", MENUS)
def test_each_menu_says_where_and_with_what_proof(name: str) -> None:
    told = instructions(name, push_url=CHINA, camera_id="gate-1", key=KEY)
    values = " ".join(told.fields.values())
    assert re.search(r"\{\w+\}", values) is None
    assert "abc1234567.execute-api" in values
    assert KEY.text in values or f"gate-1:{KEY.secret}" in values or {"gate-1", KEY.secret} <= set(told.fields.values())
    for word, most in MENUS[name].longest.items():
        assert len(told.fields[word]) <= most
        assert not any("characters, and this has" in note for note in told.notes)
    assert shlex.split(told.curl)[:3] == ["curl", "-u", f"gate-1:{KEY.secret}"]


def test_a_value_that_is_too_long_for_its_field_is_said() -> None:
    told = instructions("qtech", push_url=f"https://{'a' * 100}.example.com/push", camera_id="gate-1", key=KEY)
    assert told.notes[0] == "URL takes 128 characters, and this has 154: use a custom domain or a LAN listener"


@pytest.mark.parametrize(
    ("camera_id", "user"), [("gate-1", "gate-1"), ("00:1a:2b", "abcdefghij"), ("g" * 33, "abcdefghij")]
)
def test_the_user_fits_every_menu(camera_id: str, user: str) -> None:
    assert user_name(camera_id, KEY) == user
    assert len(KEY.secret) <= 16


@pytest.mark.parametrize(("url", "port"), [("http://127.0.0.1:8000/push", "8000"), ("http://x/push", "80")])
def test_the_port_of_the_url(url: str, port: str) -> None:
    fields = instructions("", push_url=url, camera_id="gate-1", key=KEY).fields
    assert (fields["Port"], fields["Protocol"]) == (port, "HTTP")


def test_other_names_of_vendors() -> None:
    assert [vendor(word) for word in ("HIKVISION", "CP Plus", "hi-look", "axis")] == [
        "hikvision",
        "dahua",
        "hikvision",
        "axis",
    ]
    with pytest.raises(CameraError, match="unknown vendor 'dahau', did you mean 'dahua'"):
        vendor("dahau")
