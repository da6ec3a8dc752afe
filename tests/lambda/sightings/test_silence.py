"""The rules, on cameras whose link goes up and down, as the function records them and the watch sees them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.states import RECORDED_EVERY_S, State
from inference_api.sightings.silence import Step, step

BEGIN = 1_796_000_000


@dataclass
class Simulation:
    """A camera that sends every few seconds while its link is up, and a watch that looks now and then."""

    silent_after_s: int = 300
    every_s: int = 5
    state: State = field(init=False)
    steps: list[tuple[int, Step]] = field(default_factory=list)
    now: int = BEGIN

    def __post_init__(self) -> None:
        self.state = State(camera_id="gate", last_seen=BEGIN, silent_after_s=self.silent_after_s)

    @property
    def told(self) -> list[Step]:
        return [made for _, made in self.steps if made in (Step.SILENT, Step.RETURNED)]

    def run(self, seconds: int, *, is_up: bool, looks: Iterable[int] | None = None) -> None:
        """Let time pass; the watch looks at whole minutes unless told when."""
        end = self.now + seconds
        at = set(looks) if looks is not None else set(range(self.now - self.now % 60 + 60, end + 1, 60))
        while self.now < end:
            self.now += 1
            if is_up and (self.now - BEGIN) % self.every_s == 0 and self.now - self.state.last_seen >= RECORDED_EVERY_S:
                self.state = replace(self.state, last_seen=self.now)
            if self.now in at:
                self.look()

    def look(self) -> None:
        made = step(self.state, self.now)
        self.steps.append((self.now, made))
        last = self.state.last_seen
        changes: dict[Step, dict[str, int | None]] = {
            Step.SILENT: {"silent_since": last},
            Step.BACK: {"returned_since": last, "returned_until": last},
            Step.GOES_ON: {"returned_until": last},
            Step.RELAPSED: {"returned_since": None, "returned_until": None},
            Step.RETURNED: {"silent_since": None, "returned_since": None, "returned_until": None},
        }
        self.state = replace(self.state, **changes.get(made, {}))  # type: ignore[arg-type]


def test_a_camera_that_sends_is_never_silent() -> None:
    for every_s in (1, 29, 59, 61, 119, 300):
        camera = Simulation(every_s=every_s)
        camera.run(4 * 3600, is_up=True)
        assert {made for _, made in camera.steps} == {Step.NONE}, every_s


@pytest.mark.parametrize("interval", [60, 300, 900])
def test_a_camera_is_silent_after_its_interval_and_back_after_another(interval: int) -> None:
    camera = Simulation(silent_after_s=interval)
    camera.run(600, is_up=True)
    camera.run(2 * interval + 300, is_up=False)
    (silent_at,) = (at for at, made in camera.steps if made is Step.SILENT)
    assert interval <= silent_at - (BEGIN + 600) <= interval + 2 * 60
    up_again = camera.now
    camera.run(2 * interval + 300, is_up=True)
    (returned_at,) = (at for at, made in camera.steps if made is Step.RETURNED)
    assert interval <= returned_at - up_again <= interval + 3 * 60
    assert camera.told == [Step.SILENT, Step.RETURNED]


# Up for less than an interval, down for more: no such up is a return, however often it comes.
@pytest.mark.parametrize(
    ("up", "down"),
    [(1, 400), (10, 370), (30, 361), (60, 480), (120, 600), (240, 361), (290, 700), (299, 421), (6, 1800), (200, 362)],
)
@pytest.mark.parametrize("every_s", [1, 5, 59])
def test_a_flapping_link_makes_one_silence_and_one_return(up: int, down: int, every_s: int) -> None:
    camera = Simulation(every_s=every_s)
    camera.run(900, is_up=True)
    for _ in range(40):
        camera.run(down, is_up=False)
        camera.run(up, is_up=True)
    assert camera.told == [Step.SILENT]
    camera.run(1200, is_up=True)
    assert camera.told == [Step.SILENT, Step.RETURNED]


def test_a_link_that_is_down_for_less_than_an_interval_makes_nothing() -> None:
    camera = Simulation()
    for down in [10, 100, 200, 290, 299] * 8:
        camera.run(down, is_up=False)
        camera.run(20, is_up=True)
    assert camera.told == []


@given(
    seed=st.integers(0, 10_000),
    interval=st.sampled_from([60, 300, 900]),
    every_s=st.sampled_from([1, 7, 60]),
)
def test_a_link_of_any_rhythm_makes_one_silence_and_one_return(seed: int, interval: int, every_s: int) -> None:
    rhythm = random.Random(seed)
    camera = Simulation(silent_after_s=interval, every_s=every_s)
    for _ in range(12):
        camera.run(rhythm.randint(interval + RECORDED_EVERY_S, 4 * interval + 60), is_up=False)
        camera.run(rhythm.randint(1, interval - 1), is_up=True)
    camera.run(2 * interval + 300, is_up=True)
    # No up was as long as an interval, and each down was longer: no return but the last.
    assert camera.told == [Step.SILENT, Step.RETURNED]
    assert camera.state.silent_since is None


@given(seed=st.integers(0, 10_000))
def test_silences_and_returns_take_turns_whatever_the_link_does(seed: int) -> None:
    rhythm = random.Random(seed)
    camera = Simulation(silent_after_s=120, every_s=3)
    for _ in range(20):
        camera.run(rhythm.randint(1, 500), is_up=rhythm.random() < 0.5)
    camera.run(1000, is_up=True)
    assert camera.told[::2] == [Step.SILENT] * (len(camera.told) // 2)
    assert camera.told[1::2] == [Step.RETURNED] * (len(camera.told) // 2)
    told = [at for at, made in camera.steps if made in (Step.SILENT, Step.RETURNED)]
    assert all(later - earlier >= 120 for earlier, later in itertools.pairwise(told))


def test_gaps_that_fall_between_two_looks_are_seen() -> None:
    camera = Simulation(silent_after_s=60)
    camera.run(300, is_up=False)
    for _ in range(60):  # a sign every 125 s: no look is 120 s after one
        camera.run(124, is_up=False)
        camera.state = replace(camera.state, last_seen=camera.now)
    assert camera.told == [Step.SILENT]


def test_a_watch_that_did_not_run_for_an_hour_takes_no_return_for_granted() -> None:
    camera = Simulation()
    camera.run(600, is_up=False)
    camera.run(120, is_up=True)
    assert camera.steps[-1][1] in (Step.BACK, Step.GOES_ON)
    camera.run(3600, is_up=False, looks=[])
    camera.run(61, is_up=True)
    assert camera.told == [Step.SILENT]
    camera.run(600, is_up=True)
    assert camera.told == [Step.SILENT, Step.RETURNED]


def test_a_watch_that_did_not_run_misses_a_silence_and_makes_none() -> None:
    camera = Simulation()
    camera.run(600, is_up=True, looks=[])
    camera.run(7200, is_up=False, looks=[])
    camera.run(65, is_up=True, looks=[])
    camera.look()
    assert camera.told == []


def test_a_clock_that_jumps_back_returns_no_silent_camera() -> None:
    camera = Simulation()
    camera.run(900, is_up=False)
    assert camera.told == [Step.SILENT]
    for now in (BEGIN - 3600, BEGIN + 1, BEGIN + 960):
        assert step(camera.state, now) is Step.NONE
