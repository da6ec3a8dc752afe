"""Entry point of the watch, once a minute: read all states -> take each camera's next step -> tell -> count."""

from __future__ import annotations

import functools
import os
import time
from datetime import datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from inference_api.events.event_store import EventStore
from inference_api.metrics import emf
from inference_api.settings import WatchSettings
from inference_api.sightings.look import THREADS, Look
from inference_api.sightings.roster import Roster
from inference_api.sightings.table import StatesTable

logger = Logger()

# Every write has a condition, so that one that is sent again does no harm.
_CONFIG = Config(
    connect_timeout=1,
    read_timeout=5,
    max_pool_connections=THREADS,
    retries={"mode": "standard", "total_max_attempts": 3},
)
_STORE_PATIENCE_SECONDS = 8.0
_LEFT_MS = 12_000  # for the steps that have begun, an event that waits for S3 among them


@functools.cache
def settings() -> WatchSettings:
    """The settings of this function."""
    return WatchSettings.from_environment(os.environ)


@functools.cache
def tables() -> tuple[StatesTable, Roster]:
    """The states and the registry."""
    client = boto3.client("dynamodb", config=_CONFIG)
    return StatesTable(client, settings().states_table), Roster(client, settings().registry_table)


@functools.cache
def event_store() -> EventStore | None:
    """The event store; None where events are not kept."""
    bucket = settings().events_bucket
    if bucket is None:
        return None
    return EventStore(
        boto3.client("s3", config=_CONFIG),
        bucket,
        queryable=settings().events_table,
        patience_seconds=_STORE_PATIENCE_SECONDS,
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Look at all cameras' last signs of life, and tell of those that fell silent or are back."""
    table, roster = tables()
    look = Look(
        table=table,
        roster=roster,
        store=event_store(),
        now=_time_of(event),
        has_time=lambda: context.get_remaining_time_in_millis() > _LEFT_MS,
    )
    count = look.take()
    values = {
        "SilentCameras": count.silent,
        "SeenCameras": count.seen,
        **({"StateFailures": count.unwritten} if count.unwritten else {}),
        **({"EventStoreFailures": count.untold} if count.untold else {}),
    }
    metrics = emf.MetricSet([["service"]], dict.fromkeys(values, "Count"))
    emf.write(settings().metrics_namespace, [metrics], {"service": settings().service, **values})


def _time_of(event: dict[str, Any]) -> int:
    """The time of the schedule, or of this function's clock where that is earlier: too early a look tells nothing."""
    now = time.time()
    try:
        return int(min(now, datetime.fromisoformat(event["time"]).timestamp()))
    except (KeyError, TypeError, ValueError):
        return int(now)
