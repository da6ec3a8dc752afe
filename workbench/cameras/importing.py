"""Import of many cameras: what is missing is made, in batches, and nothing made is lost by an interruption.

Of each batch first the keys go to the file on disk, then the items that name the cameras to the registry, then the
cameras, each unless it is there. An item that names a camera which is not there proves nothing, so that no transaction
is needed, which would cost twice as much. A second import finishes what an interruption left, with the same keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from camera_registry import cameras, credentials
from camera_registry.cameras import Camera
from camera_registry.credentials import Key
from workbench.cameras.import_file import Row
from workbench.cameras.registry import Registry, as_dynamodb, proofs
from workbench.cameras.secrets_file import SecretsFile
from workbench.errors import CameraError

_BATCH = 25
"""Items of a BatchWriteItem, by its limit."""
_THREADS = 8
_TRIES = 8


@dataclass
class Imported:
    """Result of an import: how many cameras were made, were there, and were there with other facts."""

    made: int = 0
    there: int = 0
    differing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """Rows that are missing in the registry, and what is there."""

    missing: tuple[Row, ...]
    result: Imported


def plan(registry: Registry, rows: Sequence[Row]) -> Plan:
    """Compare a file with the registry.

    Raises:
        CameraError: a principal of the file signs for another camera.
    """
    present = {item["camera_id"]: Camera.of_item(item) for item in registry.items(registry.table)}
    owners = {camera.principal: name for name, camera in present.items() if camera.principal}
    result = Imported()
    missing = []
    for row in rows:
        camera = present.get(row.camera.camera_id)
        if camera is None:
            missing.append(row)
            owner = owners.get(row.camera.principal or "")
            if owner:
                raise CameraError(f"line {row.line}: {row.camera.principal} signs for '{owner}'; nothing was written")
            continue
        result.there += 1
        if _facts(camera) != _facts(row.camera):
            result.differing.append(row.camera.camera_id)
    return Plan(tuple(missing), result)


def make(
    registry: Registry, planned: Plan, secrets: SecretsFile, now: datetime, progress: Callable[[int], None]
) -> Imported:
    """Make the cameras that are missing.

    Args:
        registry: the registry.
        planned: from ``plan``.
        secrets: the file for their keys.
        now: the time, in UTC.
        progress: called with the number of cameras of each batch, from this thread.

    Raises:
        AccountError: AWS refuses; what was made is counted by the next import.
    """
    rows, result, lock = planned.missing, planned.result, Lock()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        batches = [
            pool.submit(_make, registry, rows[start : start + _BATCH], secrets, lock, now)
            for start in range(0, len(rows), _BATCH)
        ]
        with registry.said():
            for batch in as_completed(batches):
                made, there = batch.result()
                result.made += made
                result.there += there
                progress(made + there)
    finally:
        pool.shutdown(cancel_futures=True)
    return result


def _make(registry: Registry, rows: Sequence[Row], secrets: SecretsFile, lock: Lock, now: datetime) -> tuple[int, int]:
    """Make a batch; return how many were made, and how many another has made meanwhile."""
    keys = {row.camera.camera_id: secrets.keys.get(row.camera.camera_id) for row in rows if row.scopes}
    drawn = {name: credentials.drawn() for name, key in keys.items() if key is None}
    with lock:
        secrets.append(drawn.items())
    made = [_with_key(row, keys.get(row.camera.camera_id) or drawn.get(row.camera.camera_id), now) for row in rows]
    _write_names(registry, made)
    count = sum(_is_put(registry, camera) for camera in made)
    return count, len(rows) - count


def _with_key(row: Row, key: Key | None, now: datetime) -> Camera:
    if key is None:
        return row.camera
    return replace(row.camera, credentials=(credentials.kept(key, row.scopes, now),))


def _write_names(registry: Registry, made: Sequence[Camera]) -> None:
    """Write the items of keys, whose names no one else has, at once; those of principals one by one."""
    items = [
        {"id": cameras.key_key(each.name), "camera_id": camera.camera_id}
        for camera in made
        for each in camera.credentials
    ]
    _batch(registry, [{"PutRequest": {"Item": as_dynamodb(item)}} for item in items])
    for camera in made:
        if camera.principal:
            registry.client.put_item(**registry.proof(cameras.principal_key(camera.principal), camera.camera_id)["Put"])


def _is_put(registry: Registry, camera: Camera) -> bool:
    """Put a camera unless it is there; then its key must name nothing."""
    try:
        registry.client.put_item(
            TableName=registry.table, Item=as_dynamodb(camera.as_item()), ConditionExpression="attribute_not_exists(id)"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        others = sorted(proofs(camera) - proofs(registry.camera(camera.camera_id)))
        _batch(registry, [{"DeleteRequest": {"Key": as_dynamodb({"id": key})}} for key in others])
        return not others  # none where an answer was lost and the client wrote it twice
    return True


def _batch(registry: Registry, requests: list[dict[str, Any]]) -> None:
    """Write a batch; DynamoDB hands back what it throttles."""
    asked = {registry.table: requests} if requests else {}
    for attempt in range(_TRIES):
        if not asked:
            return
        if attempt:
            time.sleep(0.05 * 2**attempt)
        asked = registry.client.batch_write_item(RequestItems=asked).get("UnprocessedItems", {})
    if asked:
        raise CameraError("DynamoDB takes no more writes for now; call it again, it goes on where it stopped")


def _facts(camera: Camera) -> tuple[Any, ...]:
    return camera.site, camera.tags, camera.vendor, camera.principal, camera.profile
