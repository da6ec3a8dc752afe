"""A camera's next step, written unless another watch has made it, or a sign of life came between."""

from __future__ import annotations

from camera_registry.states import State
from inference_api.sightings.silence import Step
from inference_api.sightings.table import Change

_KEPT_S = 86_400  # of a camera that is none any more; the table ends it some time later
_SAME = "#silent_since = :silent"
_SAME_WAY = f"{_SAME} AND #returned_since = :returned"


def of_step(step: Step, state: State) -> Change | None:
    """The change of a step; None for none."""
    silent, returned = {"silent": state.silent_since or 0}, {"returned": state.returned_since or 0}
    if step is Step.SILENT:
        return Change(
            sets={"silent_since": state.last_seen},
            condition="attribute_not_exists(#silent_since) AND #last_seen = :seen",
            values={"seen": state.last_seen},
        )
    if step is Step.BACK:
        way = {"returned_since": state.last_seen, "returned_until": state.last_seen}
        return Change(sets=way, condition=_SAME, values=silent)
    if step is Step.GOES_ON:
        return Change(sets={"returned_until": state.last_seen}, condition=_SAME_WAY, values=silent | returned)
    if step is Step.RELAPSED:
        gone: tuple[str, ...] = ("returned_since", "returned_until")
        return Change(removes=gone, condition=_SAME_WAY, values=silent | returned)
    if step is Step.RETURNED:
        gone = ("silent_since", "returned_since", "returned_until")
        return Change(removes=gone, condition=_SAME_WAY, values=silent | returned)
    return None


def interval(state: State, silent_after_s: int) -> Change:
    """The change to an interval that the operator wrote after the camera's last sign of life."""
    return Change(
        sets={"silent_after_s": silent_after_s}, condition="#last_seen = :seen", values={"seen": state.last_seen}
    )


def forgotten(state: State, now: int) -> Change:
    """The change of a camera that is not in the registry, or disabled: it is watched again from its next sign on."""
    return Change(
        sets={"expires": now + _KEPT_S},
        removes=("last_seen", "silent_since", "returned_since", "returned_until"),
        condition="#last_seen = :seen",
        values={"seen": state.last_seen},
    )
