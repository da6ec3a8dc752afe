"""Counts of a broken picture that comes again and again, from a device that repeats until it gets a 200.

A few vendors' devices send a refused request for ever, and nothing new before it. After some repeats the push is
taken: its event is kept, and says that the picture is broken. The counts are those of one process, and few.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

MOST_REFUSALS = 7
"""Refusals of one body before it is taken."""
_WITHIN = timedelta(minutes=10)
_MOST_COUNTED = 256


class Refusals:
    """The bodies that were refused of late."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def may_refuse(self, camera_id: str, body: bytes, now: datetime) -> bool:
        """Count a refusal; false once the body came too often."""
        name = hashlib.sha256(camera_id.encode(errors="surrogatepass") + b"\0" + body).hexdigest()
        first, count = self._counted.pop(name, (now, 0))
        if now - first > _WITHIN:
            first, count = now, 0
        self._counted[name] = (first, count + 1)
        while len(self._counted) > _MOST_COUNTED:
            self._counted.popitem(last=False)
        return count < MOST_REFUSALS
