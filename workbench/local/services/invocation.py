"""Event on its way to an execution environment of a function, and back as its answer."""

from __future__ import annotations

import math
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Invocation:
    """One event. It is taken by an execution environment first, and then done, or abandoned by its caller."""

    payload: bytes
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    taken: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    answer: dict[str, Any] | None = None
    failure: str | None = None
    abandoned: bool = False

    def wait(self, seconds: float, patience_seconds: float) -> bool:
        """Wait for an execution environment, and then for its answer; only there the function's time begins.

        Args:
            seconds: the function's time.
            patience_seconds: the caller's time, for both.

        Returns:
            Whether it is done.

        Raises:
            TimeoutError: the caller's time is over.
        """
        until = time.monotonic() + patience_seconds
        is_taken = self.taken.wait(None if math.isinf(patience_seconds) else patience_seconds)
        left = until - time.monotonic()
        if is_taken and self.done.wait(min(seconds, left)):
            return True
        self.abandoned, self.payload = True, b""
        if not is_taken or left < seconds:
            raise TimeoutError
        return False
