"""A camera's keys: a first one, a second beside it while the camera is told of it, one that replaces all at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta

from camera_registry import credentials
from camera_registry.cameras import Camera
from camera_registry.credentials import MOST_CREDENTIALS, OF_A_CAMERA, Credential, Key
from workbench.errors import CameraError


def live(camera: Camera, now: datetime) -> list[Credential]:
    """Credentials that are not over, the newest first."""
    lasting = [each for each in camera.credentials if each.expires is None or each.expires > now]
    return sorted(lasting, key=lambda each: each.created, reverse=True)


def with_first_key(camera: Camera, key: Key, scopes: Sequence[str], now: datetime) -> Camera:
    """The camera with a key, its only one."""
    return dataclasses.replace(camera, credentials=(credentials.kept(key, scopes or OF_A_CAMERA, now),), updated=now)


def rotated(
    camera: Camera, scopes: Sequence[str], *, overlap: timedelta, now: datetime
) -> tuple[Camera, Key, datetime | None]:
    """Give a new key beside the present one, which is over after the overlap.

    Args:
        camera: the camera.
        scopes: what the new key may do; as the present one where it is empty.
        overlap: how long the present key stays good; nothing ends all older keys at once.
        now: the time, in UTC.

    Returns:
        The camera, the new key, and when the older key is over; None where no older one is good any longer.

    Raises:
        CameraError: two keys are good still.
    """
    older = live(camera, now) if overlap else []
    if len(older) == MOST_CREDENTIALS:
        ends = min((each.expires for each in older if each.expires), default=now)
        raise CameraError(
            f"'{camera.camera_id}' has two keys already, of which the older is good until {ends:%Y-%m-%d %H:%M} UTC; "
            "wait for that, or end both with --now"
        )
    end = now + overlap
    ending = [dataclasses.replace(each, expires=min(end, each.expires) if each.expires else end) for each in older]
    before = live(camera, now)
    key, new = credentials.make(scopes or (before[0].scopes if before else OF_A_CAMERA), now)
    changed = dataclasses.replace(camera, credentials=(new, *ending), updated=now)
    return changed, key, ending[0].expires if ending else None


def described(credential: Credential) -> dict[str, object]:
    """A credential in words, without its salt and digest."""
    return {
        "name": credential.name,
        "scopes": list(credential.scopes),
        "created": credential.created.isoformat(),
        "expires": credential.expires.isoformat() if credential.expires else None,
    }
