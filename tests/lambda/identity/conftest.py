"""A registry in moto's DynamoDB, and the door of both functions before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from inference_api import resources
from inference_api.identity import authorizer
from inference_api.identity import door as doors
from inference_api.identity.door import Door
from inference_api.identity.refusals import Refusals
from inference_api.identity.registry import Registry
from tests.camera_tables import REGISTRY, STATES, Clock, Gate, Tables, register


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tables(function_environment: pytest.MonkeyPatch) -> Iterator[Tables]:
    with mock_aws():
        client = boto3.client("dynamodb")
        for name in (REGISTRY, STATES):
            client.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield Tables(client)


@pytest.fixture
def registry(tables: Tables, clock: Clock) -> Registry:
    client: Any = tables
    return Registry(client, REGISTRY, clock=clock)


@pytest.fixture
def entrance(
    registry: Registry, tables: Tables, clock: Clock, function_environment: pytest.MonkeyPatch
) -> Iterator[Door]:
    """The door of both functions, and their environment with ``apiAuthorization=CAMERA``."""
    client: Any = tables
    entrance = Door(registry, Refusals(client, STATES, clock=clock))
    for name, value in {"REGISTRY_TABLE": REGISTRY, "STATES_TABLE": STATES, "API_AUTHORIZATION": "CAMERA"}.items():
        function_environment.setenv(name, value)
    caches: tuple[Any, ...] = (resources.settings, authorizer.settings, doors.door)
    for cached in caches:
        cached.cache_clear()
    function_environment.setattr("inference_api.identity.caller.door", lambda *_: entrance)
    function_environment.setattr("inference_api.identity.authorizer.door", lambda *_: entrance)
    yield entrance
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def gate(tables: Tables) -> Gate:
    return register(tables, "gate-1")
