"""The sign of life that every request of a known camera is, a refused one too, and the letting in of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from inference_api.identity.caller import Caller
from inference_api.profiles.admission import Admission, admit


@dataclass
class Sign:
    """A request's words about its camera.

    Attributes:
        caller: the camera.
        received: the time of the request, in UTC.
        device_time: the time by the camera's clock, in UTC; None where it told none, or none with a zone.
    """

    caller: Caller
    received: datetime
    device_time: datetime | None = None
    _is_noted: bool = False

    def let_in(self, frames: int) -> Admission:
        """Let frames in by the camera's profile, and note them.

        Raises:
            QuotaSpentError: they are more than the day has left.
        """
        if not self.caller.is_known:
            return Admission()
        admission = admit(self.caller, frames=frames, received=self.received)
        self.note(frames if admission.is_looked_at else 0)
        return admission

    def note(self, frames: int) -> None:
        """Note the sign, once, with the number of frames that are looked at."""
        if self.caller.is_known and not self._is_noted:
            from inference_api import presence  # for known cameras alone

            self._is_noted = True
            presence.seen(self.caller, frames=frames, received=self.received, device_time=self.device_time)


@contextmanager
def sign_of_life(caller: Caller, received: datetime) -> Iterator[Sign]:
    """Note a camera's sign of life, however its request ends, and wait until it is written."""
    sign = Sign(caller, received)
    try:
        yield sign
    finally:
        sign.note(frames=0)
        if caller.is_known:
            from inference_api import presence

            presence.settle()
