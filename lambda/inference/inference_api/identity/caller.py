"""The caller of a request, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_registry.profiles import Profile
from camera_registry.scopes import SCOPES
from inference_api import resources
from inference_api.errors import ForbiddenError, UnauthorizedError
from inference_api.metrics import emf
from inference_api.proxy import Request

if TYPE_CHECKING:
    from inference_api.identity.door import Door

_BY_AUTHORIZER, _BY_SIGNATURE = "CAMERA", "CAMERA_IAM"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request.

    Attributes:
        camera_id: the camera, proven; None where none is.
        scopes: some of ``camera_registry.scopes.SCOPES``.
        profile: the camera's profile in force.
        is_known: true when the camera is proven.
    """

    camera_id: str | None = None
    scopes: frozenset[str] = frozenset()
    profile: Profile = field(default_factory=Profile)
    is_known: bool = False

    def require(self, scope: str) -> None:
        """Check that the caller may do something.

        Raises:
            ForbiddenError: it may not.
        """
        if scope not in self.scopes:
            raise ForbiddenError(f"the credential lacks the scope '{scope}'; ask the operator for one that has it")


ANYONE = Caller(scopes=frozenset(SCOPES))
"""A caller of the old ways, whom API Gateway let in without saying which camera it is."""
STRANGER = Caller()
"""A caller without any credential, who may send the heartbeats that are answered to all, and nothing else."""


def has_identities() -> bool:
    """True where cameras have credentials, or roles, of their own."""
    return resources.settings().authorization in (_BY_AUTHORIZER, _BY_SIGNATURE)


def get_ready() -> None:
    """Make the clients that ``identify`` needs, while Lambda starts an instance."""
    if has_identities():
        _door()


def identify(request: Request) -> Caller:
    """The caller of a request: as the authorizer proved it, or else proven here and now.

    Raises:
        UnauthorizedError: it proves no camera.
        ForbiddenError: the camera is disabled, or none signs so.
        TooManyRefusalsError: it proves none, and more such requests came from its address than may in a minute.
        RegistryUnavailableError: the registry cannot say.
    """
    if not has_identities():
        return ANYONE
    is_signed = resources.settings().authorization == _BY_SIGNATURE
    said = {} if is_signed else request.authorizer  # API Gateway alone can write it, and does so with an authorizer
    if said.get("anonymous") == "true":
        return STRANGER
    if said.get("camera_id"):
        return _known(str(said["camera_id"]), str(said.get("scopes") or "").split(","))
    proven = _door().opened(request, is_signed=is_signed, counted=_count)
    return _known(proven.camera.camera_id, proven.scopes) if proven else STRANGER


def _known(camera_id: str, scopes: Iterable[str]) -> Caller:
    """A camera that was proven, as the registry has it now: it may be gone, or disabled, since."""
    found = _door().registry.camera_with_profile(camera_id)
    if found is None:
        raise UnauthorizedError("the camera was removed from the registry")
    from inference_api.identity.door import require_enabled

    camera, profile = found
    require_enabled(camera)
    return Caller(camera_id=camera_id, scopes=frozenset(scopes), profile=profile, is_known=True)


def door(registry_table: str, states_table: str) -> Door:
    """The door of a deployment; its modules are loaded where cameras have credentials alone."""
    from inference_api.identity import door as rooms

    return rooms.door(registry_table, states_table)


def _door() -> Door:
    settings = resources.settings()
    return door(settings.registry_table or "", settings.states_table or "")


def _count(metric: str) -> None:
    settings = resources.settings()
    fields = {"service": settings.service, metric: 1}
    emf.write(settings.metrics_namespace, [emf.MetricSet([["service"]], {metric: "Count"})], fields)
