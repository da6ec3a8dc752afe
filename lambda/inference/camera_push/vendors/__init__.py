"""Vendors: each module knows by which signs its devices are told, and what their words mean.

A module has ``NAME``, ``reads(sent, envelope)`` and ``push(sent, envelope)``. Neither raises, whatever the body holds:
all words come through ``trees``. Everything but the pictures is a claim.
"""

from __future__ import annotations

from typing import Protocol

from camera_push.envelope import Envelope
from camera_push.push import Push, Sent
from camera_push.vendors import (
    axis,
    dahua,
    dahua_itsapi,
    esp32,
    generic,
    hanwha,
    hikvision,
    onvif,
    qtech,
    reolink,
    software,
    tvt,
    unifi,
    uniview,
    vigi,
)


class Vendor(Protocol):
    """A module of this folder."""

    NAME: str

    def reads(self, sent: Sent, envelope: Envelope) -> bool:
        """True where the push is one of this vendor's."""

    def push(self, sent: Sent, envelope: Envelope) -> Push:
        """The push in this vendor's words."""


VENDORS: tuple[Vendor, ...] = (
    onvif,
    dahua_itsapi,
    uniview,
    hikvision,
    tvt,
    dahua,
    vigi,
    unifi,
    reolink,
    qtech,
    axis,
    esp32,
    software,
    hanwha,
    generic,
)
"""Signs in bodies and paths come before names of clients, and ``generic`` takes all that is left."""


def recognise(sent: Sent, envelope: Envelope) -> Push:
    """The push by the rules of the first vendor that reads it."""
    return next(vendor for vendor in VENDORS if vendor.reads(sent, envelope)).push(sent, envelope)
