"""A registry of cameras in moto's DynamoDB, a clock that tests move, and events of both functions."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from camera_registry import cameras, credentials
from camera_registry.cameras import Camera
from camera_registry.credentials import Credential, Key
from inference_api.identity.aging import Moment

CREATED = datetime(2026, 11, 29, 12, tzinfo=UTC)
REGISTRY, STATES = "registry", "states"
STAGE = "arn:aws:execute-api:us-east-1:123456789012:abcdef/prod"


@dataclass
class Clock:
    """Two clocks that stand still until they are moved."""

    wall: float = 1_796_000_040.0  # a whole minute
    monotonic: float = 500.0

    def __call__(self) -> Moment:
        return Moment(self.wall, self.monotonic)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@dataclass
class Tables:
    """The two tables, and what was asked of them."""

    client: Any
    calls: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def put(self, item: dict[str, Any]) -> None:
        typed = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        self.client.put_item(TableName=REGISTRY, Item=typed)

    def add(self, camera: Camera) -> None:
        self.put(camera.as_item())
        for credential in camera.credentials:
            self.put({"id": cameras.key_key(credential.name), "camera_id": camera.camera_id})
        if camera.principal is not None:
            self.put({"id": cameras.principal_key(camera.principal), "camera_id": camera.camera_id})

    def remove(self, key: str) -> None:
        self.client.delete_item(TableName=REGISTRY, Key={"id": {"S": key}})

    def refusals(self) -> list[dict[str, Any]]:
        return [
            {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
            for item in self.client.scan(TableName=STATES)["Items"]
        ]

    def batch_get_item(self, **words: Any) -> Any:
        return self._called("batch_get_item", words)

    def update_item(self, **words: Any) -> Any:
        return self._called("update_item", words)

    def _called(self, name: str, words: dict[str, Any]) -> Any:
        self.calls.append(name)
        if self.failure is not None:
            raise self.failure
        return getattr(self.client, name)(**words)


@dataclass(frozen=True)
class Gate:
    """A camera with one credential, and its key."""

    camera: Camera
    key: Key

    def basic(self, *, user: str | None = None, password: str | None = None, scheme: str = "Basic") -> dict[str, str]:
        text = f"{self.camera.camera_id if user is None else user}:{self.key.secret if password is None else password}"
        return {"Authorization": f"{scheme} {base64.b64encode(text.encode()).decode()}"}


def register(tables: Tables, camera_id: str, **words: Any) -> Gate:
    key, credential = drawn()
    words = {"credentials": (credential,), "created": CREATED, "updated": CREATED, **words}
    camera = Camera(camera_id=camera_id, **words)
    tables.add(camera)
    return Gate(camera, key)


def drawn(scopes: tuple[str, ...] = credentials.OF_A_CAMERA) -> tuple[Key, Credential]:
    return credentials.make(scopes, CREATED)


def changed(tables: Tables, gate: Gate, **words: Any) -> None:
    tables.add(replace(gate.camera, **words))


_numbers = itertools.count()


def event(
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/push",
    address: str = "203.0.113.9",
    identity: dict[str, str] | None = None,
    context: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An event as both functions get it: the authorizer's has an ARN, the other's a body."""
    return {
        "type": "REQUEST",
        "methodArn": f"{STAGE}/{method}{path}",
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "requestContext": {
            "requestId": f"request-{next(_numbers)}",
            "identity": {"sourceIp": address, **(identity or {})},
            **({"authorizer": context} if context is not None else {}),
        },
    }
