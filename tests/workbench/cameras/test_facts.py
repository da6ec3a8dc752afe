from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from camera_registry.profiles import Profile
from workbench.cameras import facts
from workbench.errors import CameraError

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SQUARE = ((0, 0.5), (1, 0.5), (1, 1))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("min_confidence=0.4", 0.4),
        ("classes=person, car", ("person", "car")),
        ("regions=[[[0,0.5],[1,0.5],[1,1]]]", (SQUARE,)),
        ("min_box=0.02,0.05", (0.02, 0.05)),
        ("max_box=1,1", (1, 1)),
        ("zone=Asia/Shanghai", "Asia/Shanghai"),
        ("hours=mon-fri 07:00-19:00; sat,sun 22:00-06:00", ("mon-fri 07:00-19:00", "sat,sun 22:00-06:00")),
        ("frames_a_day=5000", 5000),
        ("frame_interval_ms=1000", 1000),
        ("keep=detections", "detections"),
        ("retention=30", "30"),
        ("silent_after_s=600", 600),
    ],
)
def test_each_value_of_a_profile_is_written_as_a_word(word: str, value: Any) -> None:
    name, _, text = word.partition("=")
    camera = facts.new_camera("gate-1", facts.changes({name: text}), NOW)
    assert camera.profile == Profile(**{name: value})
    assert facts.changes({name: ""}).on(camera).profile == Profile()
    assert set(facts.OF_PROFILE) == set(Profile.__dataclass_fields__)


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "regions.json"
    file.write_text("[[[0, 0.5], [1, 0.5], [1, 1]]]")
    assert facts.changes({"regions": f"@{file}"}).on_profile(Profile()).regions == (SQUARE,)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("min_confidence=40", "'min_confidence' must be a number from 0 to 1"),
        ("retention=31", "'retention' must be one of 7, 30, 90, forever"),
        ("zone=Asia/Shanghia", "did you mean 'Asia/Shanghai'"),
        ("hours=monday", "'hours'"),
        ("frames_a_day=many", "frames_a_day takes numbers, and 'many' is none; write for example"),
        ("min_box=0.1", "'min_box' must be [WIDTH, HEIGHT]"),
        ("regions=[[0,0],[1,0],[1,1]]", "put this one into a list"),
        ("min_confidense=1", "unknown name 'min_confidense', did you mean 'min_confidence'"),
    ],
)
def test_a_value_that_says_nothing_is_refused(word: str, says: str) -> None:
    name, _, text = word.partition("=")
    with pytest.raises(CameraError) as caught:
        facts.new_camera("gate-1", facts.changes({name: text}), NOW)
    assert says in str(caught.value)


def test_a_role_is_kept_without_its_path() -> None:
    told = facts.changes({"principal": "arn:aws-cn:iam::111122223333:role/of/cameras/gate"}).facts
    assert told == {"principal": "arn:aws-cn:iam::111122223333:role/gate"}
