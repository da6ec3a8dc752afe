"""Everything that no other module knows: pictures wherever they stand, and facts by their common names.

A document without a picture and without any word for what happened is a sign of life: an unknown device must get its
200 without an event for each of its status messages.
"""

from __future__ import annotations

from camera_push.envelope import Envelope
from camera_push.facts import common
from camera_push.push import Push, Sent

NAME = "generic"


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """True: it is tried last."""
    return True


def push(sent: Sent, envelope: Envelope) -> Push:
    """The push by common names."""
    return common.push(NAME, sent, envelope)
