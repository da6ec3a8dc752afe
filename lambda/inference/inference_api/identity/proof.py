"""Prove which camera a request is from: what it presents, held against the registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from camera_registry import credentials, principals
from camera_registry.cameras import Camera
from camera_registry.credentials import MOST_CREDENTIALS, Credential
from inference_api.identity.presented import Presented
from inference_api.identity.registry import Registry

# Compared where a camera has fewer credentials, or there is no camera: both take the time of a wrong secret.
_, _NONE = credentials.make((), datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Proof:
    """A camera that a request proved, which may be disabled all the same.

    Attributes:
        camera: the camera.
        scopes: what the credential, or the signature, may do.
    """

    camera: Camera
    scopes: tuple[str, ...]


def by_credential(presented: Iterable[Presented], registry: Registry, now: datetime) -> Proof | None:
    """The camera of the first credential that is right; None where none is.

    Raises:
        RegistryUnavailableError: the registry cannot say.
    """
    return next((proof for each in presented if (proof := _of_one(each, registry, now))), None)


def by_signature(user_arn: str, registry: Registry) -> Proof | None:
    """The camera that signs as this session, its role, or user; None where none does.

    Raises:
        RegistryUnavailableError: the registry cannot say.
    """
    for arn in principals.of_signer(user_arn):
        camera = registry.camera_of_principal(arn)
        if camera is not None and camera.principal is not None and principals.kept(camera.principal) == arn:
            return Proof(camera, credentials.OF_A_CAMERA)
    return None


def _of_one(presented: Presented, registry: Registry, now: datetime) -> Proof | None:
    key = presented.key
    if key is not None:
        camera = registry.camera_of_key(key.name)
        proof = _proof(camera, presented.secret, now, name=key.name)
        # A whole key beside a user's name: it has to be that of the same camera.
        users = ("", key.name, camera.camera_id if camera else "")
        return proof if presented.user in users else None
    proof = _proof(registry.camera(presented.user), presented.secret, now)
    if proof is None and credentials.is_name(presented.user):
        proof = _proof(registry.camera_of_key(presented.user), presented.secret, now, name=presented.user)
    return proof


def _proof(camera: Camera | None, secret: str, now: datetime, *, name: str | None = None) -> Proof | None:
    """Compare a secret with as many credentials as a camera can have, whether it has them or not."""
    held = [each for each in (camera.credentials if camera else ()) if name in (None, each.name)]
    compared: list[Credential] = [*held, *[_NONE] * (MOST_CREDENTIALS - len(held))]
    right = [each for each in compared if each.proves(secret, now)]
    return Proof(camera, right[0].scopes) if camera and right else None
