from __future__ import annotations

import pytest

from camera_push import trees
from camera_push.facts import claims, roles
from tests.camera_envelopes import envelope, xml


def test_elements_of_one_name_become_a_list() -> None:
    assert trees.of(xml("<a><b>1</b><c><d>2</d></c><b>3</b></a>")) == {"b": ["1", "3"], "c": {"d": "2"}}


def test_a_path_goes_through_lists() -> None:
    tree = {"a": [1, {"c": 0}, {"b": {"c": "x"}}]}
    assert (trees.at(tree, "a/b/c"), trees.at(tree, "a/z"), trees.at(None, "a")) == ("x", None, None)
    assert trees.first(tree, "z", "a/b", "a/b/c") == "x"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  a\tb\x00\u202e ", "a b"),
        ("x" * 300, "x" * 256),
        (" ", None),
        (True, "true"),
        (7, "7"),
        (10**30, None),
        (float("inf"), None),
        ([], None),
        ("picture:3", None),
        ("\ud800x", "x"),
    ],
)
def test_a_word_is_bounded_and_plain(value: object, expected: str | None) -> None:
    assert trees.word(value) == expected


@pytest.mark.parametrize(("value", "expected"), [("7", 7), ("0.5", 0.5), (3, 3), (True, None), ("x", None), ([], None)])
def test_numbers_are_read_from_text(value: object, expected: object) -> None:
    assert trees.number(value) == expected


def test_a_walk_ends() -> None:
    deep: object = "x"
    for _ in range(1000):
        deep = {"a": deep}
    assert len(list(trees.walk(deep))) < 100
    assert len(list(trees.walk([[0] * 5000]))) == 2000


def test_a_rectangle_needs_four_numbers_and_an_area() -> None:
    assert claims.corners("a", 1, 2, "4", 8) == {"label": "a", "x": 1, "y": 2, "width": 3, "height": 6}
    assert claims.corners("a", 1, 2, 3) is None
    assert claims.rectangle("a", 0, 0, 0, 5) is None
    assert claims.corner_list("a", {"x": 1}) is None


def test_no_more_than_32_rectangles() -> None:
    made = claims.made(rectangles=[claims.rectangle("a", 0, 0, 1, 1)] * 100, units="1")
    assert (len(made["rectangles"]), made["units"]) == (32, "1")
    assert claims.made(units="1", empty="", plate="unknown") == {}


def test_the_scene_is_the_largest_picture_of_which_nothing_is_known() -> None:
    pictures = [b"12", b"1234", b"123"]
    assert [each.role for each in roles.pictures(envelope(pictures=pictures), {})] == ["crop", "background", "crop"]
    assert [each.role for each in roles.pictures(envelope(pictures=pictures), {0: "background"})] == [
        "background", "crop", "crop"
    ]  # fmt: skip
