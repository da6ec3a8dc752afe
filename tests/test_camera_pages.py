"""The pages about cameras' menus agree with what ``ipc-ai camera add`` prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.cameras.menus import GENERIC, MENUS, Menu

_PAGES = Path(__file__).resolve().parent.parent / "docs" / "cameras"
_STANDS_FOR = {
    "host": "HOST",
    "port": "443",
    "protocol": "HTTPS",
    "path": "/prod/push",
    "path_with_key": "/prod/push?k=KEY",
    "url": "https://HOST/prod/push",
    "url_with_key": "https://HOST/prod/push?k=KEY",
    "user": "gate-1",
    "password": "SECRET",
    "key": "KEY",
}
_OTHERS = {"": "Any other", "_CN": "其他任何设备"}


def sections(language: str) -> dict[str, str]:
    """Text of each section of both pages, by its heading."""
    text = "".join((_PAGES / f"{name}{language}.md").read_text(encoding="utf-8") for name in ("devices", "programs"))
    return {part.partition("\n")[0]: part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}


def _title(name: str, menu: Menu, language: str) -> str:
    return _OTHERS[language] if name == GENERIC else menu.title


def _rows(section: str) -> dict[str, str]:
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {word: value.strip("`") for word, value in cells[1:]}


@pytest.mark.parametrize("language", ["", "_CN"])
def test_each_menu_has_its_section_and_no_other(language: str) -> None:
    assert set(sections(language)) == {_title(name, menu, language) for name, menu in MENUS.items()}


@pytest.mark.parametrize("language", ["", "_CN"])
@pytest.mark.parametrize("name", MENUS)
def test_the_fields_are_those_that_are_printed(name: str, language: str) -> None:
    menu = MENUS[name]
    found = _rows(sections(language)[_title(name, menu, language)])
    assert list(found) == list(menu.fields)
    for word, text in menu.fields.items():
        if not language or "{" in text or text.isupper():  # words for people are in their language
            assert found[word] == text.format_map(_STANDS_FOR), word


@pytest.mark.parametrize("name", MENUS)
def test_the_way_to_the_page_and_the_notes_are_those_that_are_printed(name: str) -> None:
    section = sections("")[_title(name, MENUS[name], "")]
    for words in (MENUS[name].place, *MENUS[name].notes):
        assert words[0].upper() + words[1:] + "." in section, words


@pytest.mark.parametrize("language", ["", "_CN"])
def test_each_section_has_a_command_to_try(language: str) -> None:
    for title, section in sections(language).items():
        assert re.search(r"^ *(?:.*\| )?curl .*(?:\n  .*)*\$PUSH", section, re.MULTILINE), title
