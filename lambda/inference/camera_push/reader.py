"""The way in: a request of a camera becomes a push."""

from __future__ import annotations

from camera_push import opening, vendors
from camera_push.push import Push, Sent


def read(sent: Sent) -> Push:
    """Read a request of a camera.

    Broken pictures stand in ``Push.broken``; whole ones beside them are read all the same.

    Raises:
        UnreadableError: XML with a DOCTYPE or an entity, a text that is nested too deeply, or a body that unpacks to
            more than ``formats.limits`` allows.
    """
    return vendors.recognise(sent, opening.opened(sent))
