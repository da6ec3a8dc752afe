"""The function's environment and its bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from inference_api import resources
from tests.fake_endpoint import FakeEndpoint

ENVIRONMENT = {
    "APPLICATION_TYPE": "face-detection",
    "MODEL_NAME": "yunet_n",
    "ENDPOINT_NAME": "endpoint",
    "ENDPOINT_TYPE": "real-time",
    "EVENTS_BUCKET": "event-store",
    "SAVE_REQUEST_EVENTS": "Yes",
    "EVENTS_TABLE": "No",
    "CAMERA_METRICS": "No",
    "POWERTOOLS_SERVICE_NAME": "inference",
    "POWERTOOLS_METRICS_NAMESPACE": "Test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
# Powertools reads its variables when the handler is imported.
os.environ.update({name: value for name, value in ENVIRONMENT.items() if name.startswith("POWERTOOLS_")})


@pytest.fixture
def function_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment that the stack renders."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def bucket(function_environment: pytest.MonkeyPatch) -> Iterator[Any]:
    """An emulated events bucket."""
    with mock_aws():
        resource = boto3.resource("s3").Bucket("event-store")
        resource.create()
        yield resource


@pytest.fixture
def states(function_environment: pytest.MonkeyPatch) -> Iterator[Any]:
    """An emulated table of states, which the function knows of."""
    function_environment.setenv("STATES_TABLE", "states")
    with mock_aws():
        yield boto3.resource("dynamodb").create_table(
            TableName="states",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


@pytest.fixture
def endpoint(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEndpoint]:
    """The endpoint of the handlers, in memory; nothing is cached from one test to the next."""
    fake = FakeEndpoint()
    caches = (resources.settings, resources.origin, resources.event_store)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setattr(resources, "endpoint", lambda: fake)
    yield fake
    for cached in caches:
        cached.cache_clear()
