"""One look at all cameras: which fell silent, and which are back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from camera_registry.profiles import SILENT_AFTER_S, Profile
from camera_registry.states import State
from inference_api.sightings import changes, notices
from inference_api.sightings.roster import Roster
from inference_api.sightings.silence import Step, step
from inference_api.sightings.table import ConditionError, StatesTable

if TYPE_CHECKING:
    from inference_api.events.event_store import EventStore

logger = Logger(child=True)

THREADS = 16
"""Cameras that are written at once: all of them fall silent together where the API does."""
_TOLD = {Step.SILENT: notices.SILENT, Step.RETURNED: notices.RETURNED}
_CHECKED_EVERY_S = 900  # silent cameras against the registry: one may have been removed or disabled since


@dataclass
class Count:
    """The numbers of a look.

    Attributes:
        seen: cameras that are not silent.
        silent: cameras that are, those that are coming back among them.
        unwritten: steps that could not be written; the next look makes them.
        untold: events that could not be stored; the log has them.
    """

    seen: int = 0
    silent: int = 0
    unwritten: int = 0
    untold: int = 0


@dataclass(frozen=True, kw_only=True)
class Look:
    """The tables, the time, and where events go.

    Attributes:
        table: the states of cameras.
        roster: the cameras of the registry.
        store: the event store; None where events are not kept.
        now: the time, in seconds since 1970.
        has_time: false from the moment on when no further step is begun: the next look makes the rest.
    """

    table: StatesTable
    roster: Roster
    store: EventStore | None
    now: int
    has_time: Callable[[], bool]
    count: Count = field(default_factory=Count)
    _counting: Lock = field(default_factory=Lock)

    def take(self) -> Count:
        """Make each camera's next step, and count.

        Raises:
            Exception: the states or the registry cannot be read now.
        """
        steps = [(state, step(state, self.now)) for state in self.table.all()]
        asked = [state.camera_id for state, each in steps if each in _TOLD or self._is_checked(state)]
        profiles = self.roster.enabled(asked) if asked else {}
        gone = set(asked) - set(profiles)
        moving = [(state, each) for state, each in steps if each is not Step.NONE or state.camera_id in gone]
        with ThreadPoolExecutor(THREADS, thread_name_prefix="watch") as threads:
            moved = threads.map(lambda pair: self._moved(pair[0], pair[1], profiles, gone), moving)
            ends = {state.camera_id: end for (state, _), end in zip(moving, moved, strict=True)}
        for state, _ in steps:
            end = ends.get(state.camera_id, state)
            if end is not None:
                self.count.silent += end.silent_since is not None
                self.count.seen += end.silent_since is None
        return self.count

    def _is_checked(self, state: State) -> bool:
        return state.silent_since is not None and self.now % _CHECKED_EVERY_S < 60

    def _moved(self, state: State, made: Step, profiles: Mapping[str, Profile], gone: set[str]) -> State | None:
        """Make a camera's step; return its state behind it, None for a camera that is not watched any more."""
        if not self.has_time():
            return _as_of(made, state)
        try:
            if state.camera_id in gone:
                self.table.update(state.camera_id, changes.forgotten(state, self.now))
                return None
            return self._made(state, made, profiles.get(state.camera_id, Profile()))
        except ConditionError:
            return state  # another watch was faster, or the camera was
        except Exception:
            if self._is_first_failure("unwritten"):
                logger.exception("a camera's step was not written")
            return state

    def _made(self, state: State, made: Step, profile: Profile) -> State:
        wanted = profile.silent_after_s or SILENT_AFTER_S
        if made is Step.SILENT and step(replace(state, silent_after_s=wanted), self.now) is Step.NONE:
            self.table.update(state.camera_id, changes.interval(state, wanted))
            return state
        change = changes.of_step(made, state)
        if change is not None:
            self.table.update(state.camera_id, change)
        if made in _TOLD:
            self._tell(notices.document(_TOLD[made], state, profile, self.now))
        return _as_of(made, state)

    def _tell(self, event: Mapping[str, object]) -> None:
        try:
            notices.tell(dict(event), self.store)
        except Exception:
            if self._is_first_failure("untold"):
                logger.exception("event not stored")

    def _is_first_failure(self, name: str) -> bool:
        """Count a failure; true for the first of its kind, so that the log has no ten thousand traces of the same."""
        with self._counting:
            before: int = getattr(self.count, name)
            setattr(self.count, name, before + 1)
        return before == 0


def _as_of(made: Step, state: State) -> State:
    """The state behind a step, as the metrics count it."""
    if made is Step.SILENT:
        return replace(state, silent_since=state.last_seen)
    return replace(state, silent_since=None) if made is Step.RETURNED else state
