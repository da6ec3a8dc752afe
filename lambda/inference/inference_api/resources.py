"""The settings and clients of the API's function, made once and kept between invocations.

Timeouts: the function times out at 28 s. The slowest endpoint (2 + 20 s), the event store's patience of 4 s and that of
1.5 s for an Idempotency-Key leave time to start and to answer.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from inference_api.events.event_store import EventStore
from inference_api.metrics import emf
from inference_api.metrics.telemetry import Origin
from inference_api.sagemaker.async_endpoint import AsyncEndpoint
from inference_api.sagemaker.endpoint import Endpoint
from inference_api.sagemaker.payloads import in_form
from inference_api.settings import AwsAccess, Settings

if TYPE_CHECKING:
    from inference_api.sightings.signs import Signs


@functools.cache
def settings() -> Settings:
    """The settings of this function."""
    return Settings.from_environment(os.environ)


@functools.cache
def endpoint() -> Endpoint:
    """The endpoint that answers at once."""
    from inference_api.sagemaker.runtime_client import RuntimeClient

    client = RuntimeClient(AwsAccess.from_environment(os.environ), connect_timeout=2, read_timeout=20)
    return Endpoint(
        client,
        settings().endpoint_name,
        endpoint_type=settings().endpoint_type,
        payload=in_form(settings().older_short_size),
    )


@functools.cache
def async_endpoint() -> AsyncEndpoint:
    """The asynchronous endpoint."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=2, retries={"total_max_attempts": 1})
    return AsyncEndpoint(
        boto3.client("sagemaker-runtime", config=config),
        boto3.client("s3", config=config),
        name=settings().endpoint_name,
        bucket=settings().events_bucket,
        payload=in_form(settings().older_short_size),
    )


@functools.cache
def event_store() -> EventStore:
    """The event store, with its connections and threads."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
    client = boto3.client("s3", config=config)
    return EventStore(client, settings().events_bucket, queryable=settings().events_table)


@functools.cache
def push_queue() -> Any:
    """The client of the queue of accepted pushes."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client("sqs", config=config)


@functools.cache
def signs() -> Signs | None:
    """The signs of life of cameras, with a connection and a thread; None where cameras have no credentials."""
    table = settings().states_table
    if table is None:
        return None
    import boto3
    from botocore.config import Config

    from inference_api.sightings.signs import Signs
    from inference_api.sightings.table import StatesTable

    # An update that is sent again counts frames twice.
    config = Config(connect_timeout=0.5, read_timeout=1, retries={"total_max_attempts": 1})
    return Signs(StatesTable(boto3.client("dynamodb", config=config), table), failed=state_not_written)


def state_not_written(error: Exception) -> None:
    """Count a sign of life or a frame that is not in the table of states; the request goes on."""
    fields = {"service": settings().service, "StateFailures": 1, "message": "state not written", "error": repr(error)}
    emf.write(settings().metrics_namespace, [emf.MetricSet([["service"]], {"StateFailures": "Count"})], fields)


@functools.cache
def origin() -> Origin:
    """Return the names under which this function's metrics appear: namespace, service, application and model."""
    return Origin(
        namespace=settings().metrics_namespace,
        service=settings().service,
        application=settings().application_type,
        model=settings().model_name,
        by_camera=settings().camera_metrics,
    )


def prepare() -> None:
    """Make the clients that requests need. boto3 is loaded only where S3 is used, because it slows the start."""
    (async_endpoint if settings().is_async else endpoint)()
    if settings().save_request_events:
        event_store()
    if settings().push_queue_url:
        push_queue()
    signs()
