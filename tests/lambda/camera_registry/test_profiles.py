from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from camera_registry import profile_values
from camera_registry.cameras import Camera, of_item
from camera_registry.profiles import Profile, ProfileError, of_document

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
WHOLE: dict[str, Any] = {
    "min_confidence": 0.6,
    "classes": ["person", "car"],
    "regions": [SQUARE, [[0, 0], [1, 1], [1, 0], [0, 1]]],  # the second crosses itself
    "min_box": [0.01, 0.02],
    "max_box": [1, 1],
    "zone": "Asia/Shanghai",
    "hours": ["mon-fri 07:00-19:00", "sat,sun 22:00-06:00"],
    "frames_a_day": 5000,
    "frame_interval_ms": 2000,
    "keep": "detections",
    "retention": "30",
    "silent_after_s": 600,
}


def test_every_field_is_read() -> None:
    profile = of_document(WHOLE)
    assert {each.name for each in fields(Profile)} == set(WHOLE) == set(profile_values._READERS)
    assert profile.classes == ("person", "car")
    assert profile.regions is not None
    assert profile.regions[0][2] == (0.9, 0.9)
    assert profile.hours == ("mon-fri 07:00-19:00", "sat,sun 22:00-06:00")
    assert profile.speaks_of_boxes


def test_a_profile_comes_back_from_the_table_as_it_was() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    camera = Camera(camera_id="gate", created=now, updated=now, profile=of_document(WHOLE))
    stored = TypeSerializer().serialize(camera.as_item())
    assert of_item(TypeDeserializer().deserialize(stored)) == camera.profile


def test_null_says_nothing() -> None:
    assert of_document(dict.fromkeys(WHOLE)) == of_document({}) == Profile()


def test_texts_that_operators_write_for_lists_and_numbers() -> None:
    assert of_document({"classes": "person, car", "hours": "daily 07:00-19:00", "retention": 30}) == Profile(
        classes=("person", "car"), hours=("daily 07:00-19:00",), retention="30"
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"min_confidense": 0.5}, "a profile has no 'min_confidense', did you mean 'min_confidence'?"),
        ({"min-confidence": 0.5}, "did you mean 'min_confidence'?"),
        ({"Regions": None}, "did you mean 'regions'?"),
        ({"colour": 1}, "a profile has no 'colour'; it takes min_confidence, "),
        ({"min_confidence": 1.01}, "'min_confidence' must be a number from 0 to 1"),
        ({"min_confidence": True}, "must be a number"),
        ({"min_confidence": "0.5"}, "must be a number"),
        ({"min_confidence": float("nan")}, "must be a number"),
        ({"min_confidence": 10**400}, "must be a number"),
        ({"classes": []}, "'classes' must be a list of 1 to 100 names"),
        ({"classes": ["a"] * 101}, "1 to 100 names"),
        ({"classes": ["a" * 101]}, "up to 100 characters"),
        ({"classes": ["a\n", "\ud800"]}, "names"),
        ({"classes": [1]}, "names"),
        ({"regions": []}, "a list of 1 to 16 polygons"),
        ({"regions": [SQUARE] * 17}, "a list of 1 to 16 polygons"),
        ({"regions": SQUARE}, "put this one into a list"),
        ({"regions": [SQUARE[:2]]}, "a polygon of 2 corners; a polygon has 3 to 64"),
        ({"regions": [SQUARE * 17]}, "a polygon of 68 corners"),
        ({"regions": [[[0, 0], [640, 0], [640, 480]]]}, "divide pixels by them"),
        ({"regions": [[[0, 0], [0.5, 0.5], [1, 1]]]}, "lie on one line"),
        ({"regions": [[[0, 0], [0, 0], [0, 0]]]}, "lie on one line"),
        ({"regions": [5]}, "a polygon of 0 corners"),
        ({"regions": [[[0, 0], [1, 0], [None, 1]]]}, "has a corner that is not"),
        ({"regions": "all"}, "must be a list"),
        ({"min_box": 0.1}, "'min_box' must be [WIDTH, HEIGHT]"),
        ({"min_box": [0.1, -0.1]}, "[WIDTH, HEIGHT]"),
        ({"max_box": [0.1, 0.1, 0.1]}, "'max_box' must be [WIDTH, HEIGHT]"),
        ({"min_box": [0.1, 0.5], "max_box": [0.5, 0.1]}, "'min_box' is larger than 'max_box'"),
        ({"zone": "asia/shanghai"}, "did you mean 'Asia/Shanghai'?"),
        ({"zone": "America"}, "must be the IANA name"),
        ({"zone": "../../etc/passwd"}, "must be the IANA name"),
        ({"zone": 8}, "must be the IANA name"),
        ({"hours": ["mo 7-19"]}, "'hours': 'mo 7-19' tells no hours"),
        ({"hours": []}, "a list of 1 to 32 texts"),
        ({"hours": [7]}, "a list of 1 to 32 texts"),
        ({"frames_a_day": 0}, "a whole number from 1 to 10000000"),
        ({"frames_a_day": 10_000_001}, "a whole number from 1 to 10000000"),
        ({"frames_a_day": 1.5}, "a whole number"),
        ({"frame_interval_ms": -1}, "a whole number from 0 to 3600000"),
        ({"frame_interval_ms": 3_600_001}, "a whole number from 0 to 3600000"),
        ({"keep": "detection"}, "did you mean 'detections'?"),
        ({"keep": True}, "one of everything, detections, nothing"),
        ({"retention": 31}, "one of 7, 30, 90, forever"),
        ({"silent_after_s": 59}, "a whole number from 60 to 604800"),
        ({"silent_after_s": 604_801}, "a whole number from 60 to 604800"),
        ([], "a profile is a JSON object"),
    ],
)
def test_a_wrong_value_says_what_to_change(document: Any, said: str) -> None:
    with pytest.raises(ProfileError) as told:
        of_document(document)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("min_confidence", (0, 1)),
        ("frames_a_day", (1, 10_000_000)),
        ("frame_interval_ms", (0, 3_600_000)),
        ("silent_after_s", (60, 604_800)),
    ],
)
def test_both_ends_of_a_number_are_taken(name: str, ends: tuple[int, int]) -> None:
    assert [getattr(of_document({name: end}), name) for end in ends] == list(ends)
