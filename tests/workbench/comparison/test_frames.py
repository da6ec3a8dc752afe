from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from workbench.comparison import frames
from workbench.comparison.frames import Frame, camera_of, spread
from workbench.errors import ComparisonError


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("events/dt=2026-11-21/camera=gate-1/5093/frame.jpg", "gate-1"),
        ("incoming/camera=7/a.png", "7"),
        ("gate-2/monday/a.jpg", "gate-2"),
        ("a.jpg", "-"),
        ("cam\udce9\x1b[31m/a.jpg", r"cam\udce9\x1b[31m"),  # bytes of a folder's name that are no UTF-8
    ],
)
def test_a_camera_is_told_by_the_name(name: str, camera: str) -> None:
    assert camera_of(name) == camera


def test_a_sample_is_spread_over_cameras_and_hours() -> None:
    busy = [
        Frame(f"busy/{number:04}.jpg", "busy", f"{number % 24:02}" if number < 48 else "12") for number in range(900)
    ]
    calm = [Frame(f"calm/{number}.jpg", "calm", "03") for number in range(10)]
    chosen = spread([*busy, *calm], 58, seed=1)
    assert Counter(frame.camera for frame in chosen) == {"busy": 48, "calm": 10}
    assert Counter(frame.hour for frame in chosen if frame.camera == "busy") == {f"{hour:02}": 2 for hour in range(24)}


def test_the_same_seed_takes_the_same_sample() -> None:
    found = [Frame(f"{number}.jpg", "a", "00") for number in range(100)]
    assert spread(found, 5, seed=7) == spread(reversed(found), 5, seed=7)
    assert spread(found, 5, seed=7) != spread(found, 5, seed=8)
    assert spread(found[:3], 5, seed=1) == sorted(found[:3])


def test_frames_of_a_folder_and_those_in_it(tmp_path: Path) -> None:
    for name in ("gate-1/a.JPG", "gate-1/.hidden.jpg", "gate-2/deep/b.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert frames.of_folder(tmp_path) == [Frame("gate-1/a.JPG", "gate-1"), Frame("gate-2/deep/b.png", "gate-2")]


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match=r"has no frames; put JPEG"):
        frames.of_folder(tmp_path)
    with pytest.raises(ComparisonError, match="there is no folder"):
        frames.of_folder(tmp_path / "nowhere")
