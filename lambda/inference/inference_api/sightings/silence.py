"""When a camera is silent, and when it is back: the rules, without any call.

::

                     no sign for an interval                     first sign
    seen  ------------------------------->  silent  ------------------------------->  coming back
      ^                                       ^                                         |    |
      |                                       |  a gap of an interval                   |    |
      |                                       +-----------------------------------------+    |
      +--------------------------------------------------------------------------------------+
                     signs without such a gap for a whole interval

So a link that flaps makes one silence and one return, however it flaps. Only differences between signs of life count
for the way back: a watch that was late, or did not run, sees a gap where it cannot know that there was none.
"""

from __future__ import annotations

import enum

from camera_registry.states import RECORDED_EVERY_S, State


class Step(enum.Enum):
    """What becomes of a camera."""

    NONE = "nothing changed"
    SILENT = "it fell silent"
    BACK = "it begins to come back, or begins anew"
    GOES_ON = "it goes on coming back"
    RELAPSED = "it is as silent as before"
    RETURNED = "it is back"


def step(state: State, now: int) -> Step:
    """The next step of a camera.

    Args:
        state: its state.
        now: the time, in seconds since 1970.
    """
    is_quiet = now - state.last_seen >= _longest_gap(state)
    if state.silent_since is None:
        return Step.SILENT if is_quiet else Step.NONE
    if is_quiet:
        return Step.NONE if state.returned_since is None else Step.RELAPSED
    return _way_back(state, state.silent_since)


def _way_back(state: State, silent_since: int) -> Step:
    if state.returned_since is None or state.returned_until is None:
        return Step.BACK if state.last_seen > silent_since else Step.NONE
    if state.last_seen <= state.returned_until:
        return Step.NONE
    if state.last_seen - state.returned_until >= _longest_gap(state):
        return Step.BACK
    return Step.RETURNED if state.last_seen - state.returned_since >= state.silent_after_s else Step.GOES_ON


def _longest_gap(state: State) -> int:
    """Seconds between two recorded signs of life of which no interval may lie silent.

    A sign within a minute of a recorded one is not recorded, so that recorded ones are a minute further apart.
    """
    return state.silent_after_s + RECORDED_EVERY_S
