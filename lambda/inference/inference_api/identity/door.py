"""The door: hold what a request presents against the registry, and count what is wrong. Both functions have it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime

from camera_registry.cameras import ENABLED, Camera
from inference_api.errors import ForbiddenError, TooManyRefusalsError, UnauthorizedError
from inference_api.identity import proof
from inference_api.identity.presented import presented
from inference_api.identity.proof import Proof
from inference_api.identity.refusals import Refusals
from inference_api.identity.registry import Registry
from inference_api.proxy import Request

REFUSED_CREDENTIALS = "RefusedCredentials"
"""The metric of wrong credentials, in both functions."""
_KEEPALIVE = "keepalive"
_HOW = "send the camera's id and password, or its key"


class Door:
    """The registry and the counts of one deployment."""

    def __init__(self, registry: Registry, refusals: Refusals) -> None:
        """Make a door.

        Args:
            registry: the cameras.
            refusals: the counts of wrong credentials.
        """
        self.registry = registry
        self._refusals = refusals

    def opened(
        self, request: Request, *, is_signed: bool = False, counted: Callable[[str], object] = lambda _: None
    ) -> Proof | None:
        """Let a request in.

        The first credential that is right counts. A request without any is no attempt: clients of Basic begin so, to be
        told how to go on. A right credential passes whatever else came from its address, which many cameras share.

        Args:
            request: the request.
            is_signed: true where API Gateway checked a signature, and names its signer.
            counted: called with the name of a metric to count one of.

        Returns:
            The camera, and what it may do; None for a heartbeat without a credential, which is answered to all.

        Raises:
            UnauthorizedError: it proves no camera.
            ForbiddenError: the camera is disabled, or none signs so.
            TooManyRefusalsError: it proves none, and more such requests came from its address than may in a minute.
            RegistryUnavailableError: the registry cannot say.
        """
        signer = request.identity.get("userArn") if is_signed else None
        proven = proof.by_signature(signer, self.registry) if signer else None
        ways = [] if proven else presented(request)
        proven = proven or proof.by_credential(ways, self.registry, datetime.now(UTC))
        if proven is not None:
            require_enabled(proven.camera)
            return proven
        if ways:
            counted(REFUSED_CREDENTIALS)
            raise self._refused(request)
        if signer:
            raise ForbiddenError("no camera signs as this role, session or user; ask the operator to register it")
        if is_open(request):
            return None
        raise UnauthorizedError(f"there is no credential; {_HOW}")

    def _refused(self, request: Request) -> UnauthorizedError | TooManyRefusalsError:
        seconds = self._refusals.count(str(request.identity.get("sourceIp") or "unknown"))
        if seconds is None:
            return UnauthorizedError(f"the credential is wrong or has expired; {_HOW}")
        return TooManyRefusalsError(
            "too many wrong credentials came from this address; correct them, and wait as long as Retry-After says",
            seconds,
        )


def require_enabled(camera: Camera) -> None:
    """Check that a camera may call.

    Raises:
        ForbiddenError: it is disabled.
    """
    if camera.status != ENABLED:
        raise ForbiddenError("the camera is disabled; ask the operator to enable it")


def is_open(request: Request) -> bool:
    """True for the heartbeats that some cameras send without a credential, whatever path they have: they tell nothing.

    They are ``GET`` of the root, and of any path outside ``/push`` that ends in ``keepalive``.
    """
    parts = [part.lower() for part in request.path.split("/") if part]
    return request.method == "GET" and (not parts or (parts[0] != "push" and parts[-1] == _KEEPALIVE))


@functools.cache
def door(registry_table: str, states_table: str) -> Door:
    """The door of a deployment, made once and kept between invocations."""
    import boto3  # where cameras have credentials alone: it takes a third of a start
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=0.7, retries={"mode": "standard", "total_max_attempts": 2})
    client = boto3.client("dynamodb", config=config)
    return Door(Registry(client, registry_table), Refusals(client, states_table))
