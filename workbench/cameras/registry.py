"""The registry's two tables: cameras with what proves them, profiles, and states.

A camera and the items that name it, one for each key and one for its principal, are written in one transaction, so that
an interruption leaves all of it or nothing. Items are those of ``camera_registry.cameras``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from camera_registry import cameras
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile
from ipc_ai_catalogue import nearest
from workbench.deployment.account import saying_in_one_sentence
from workbench.errors import CameraError

_SEGMENTS = 4
"""Parts of a table that are read at the same time; a page of 1 MB has the items of about 1,500 cameras."""
_IS_NEW = "attribute_not_exists(id)"
_IS_NO_OTHERS = "attribute_not_exists(id) OR camera_id = :camera"
_IS_UNCHANGED = "updated = :updated"
_CONDITION = "ConditionalCheckFailed"
_MOST_READ = 100
"""Items of a BatchGetItem, by its limit."""
_SERIALIZER, _DESERIALIZER = TypeSerializer(), TypeDeserializer()
Item = dict[str, Any]


class Registry:
    """Registry of cameras.

    Attributes:
        client: boto3's client of DynamoDB.
        table: the table of cameras.
        states: the table of their states.
    """

    def __init__(self, client: Any, *, table: str, states: str) -> None:
        self.client = client
        self.table = table
        self.states = states

    def camera(self, camera_id: str) -> Camera | None:
        """Read a camera; None where there is none of that name."""
        item = self._item(self.table, cameras.camera_key(camera_id))
        return Camera.of_item(item) if item else None

    def required(self, camera_id: str) -> Camera:
        """Read a camera.

        Raises:
            CameraError: there is none of that name; the nearest is named.
        """
        camera = self.camera(camera_id)
        if camera is None:
            raise CameraError(self.missing(camera_id))
        return camera

    def missing(self, camera_id: str) -> str:
        """Say that a camera is not there, with the nearest name that is."""
        names = [item["camera_id"] for item in self.items(self.table)]
        return f"there is no camera '{camera_id}'{nearest(camera_id, names)}"

    def profiles(self, keys: Iterable[str]) -> dict[str, Profile]:
        """Read profiles of the fleet and of tags, by the ids of their items; only those that are there."""
        found: dict[str, Profile] = {}
        left = [as_dynamodb({"id": key}) for key in keys]
        while left:
            now, left = left[:_MOST_READ], left[_MOST_READ:]
            with self.said():
                answer = self.client.batch_get_item(RequestItems={self.table: {"Keys": now}})
            left += answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            items = map(as_python, answer["Responses"].get(self.table, []))
            found.update((item["id"], cameras.of_item(item)) for item in items)
        return found

    def state(self, camera_id: str) -> Item:
        """Read when a camera was last seen, and so on; empty for one that never was."""
        return self._item(self.states, cameras.camera_key(camera_id)) or {}

    def profile(self, key: str) -> Profile:
        """Read the profile of the fleet or a tag; an empty one where there is none."""
        return cameras.of_item(self._item(self.table, key))

    def write_profile(self, key: str, profile: Profile, now: datetime) -> None:
        """Write the profile of the fleet or a tag; one that says nothing is removed."""
        with self.said():
            if profile == Profile():
                self.client.delete_item(TableName=self.table, Key=as_dynamodb({"id": key}))
            else:
                item = {"id": key, "profile": profile.as_json(), "updated": now.isoformat()}
                self.client.put_item(TableName=self.table, Item=as_dynamodb(item))

    def write(self, before: Camera | None, after: Camera) -> None:
        """Write a camera with the items that name it, in one transaction; ``before`` is the camera as it was read.

        Raises:
            CameraError: it was changed meanwhile, or its principal is another camera's.
        """
        condition = _condition(_IS_NEW) if before is None else _condition(_IS_UNCHANGED, updated=before.updated)
        put = {"Put": {"TableName": self.table, "Item": as_dynamodb(after.as_item()), **condition}}
        left = proofs(before) - proofs(after)
        new = proofs(after) - proofs(before)
        self._transact([put, *self._deletions(left), *(self.proof(key, after.camera_id) for key in sorted(new))], after)

    def remove(self, camera: Camera) -> None:
        """Delete a camera, the items that name it and its state, in one transaction.

        Raises:
            CameraError: it was changed meanwhile.
        """
        key = as_dynamodb({"id": cameras.camera_key(camera.camera_id)})
        condition = _condition(_IS_UNCHANGED, updated=camera.updated)
        actions: list[Any] = [{"Delete": {"TableName": self.table, "Key": key, **condition}}]
        actions += self._deletions(proofs(camera))
        actions.append({"Delete": {"TableName": self.states, "Key": key}})
        self._transact(actions, camera)

    def proof(self, key: str, camera_id: str) -> Item:
        """Put of the item that names the camera of a key or principal, unless it names another."""
        item = as_dynamodb({"id": key, "camera_id": camera_id})
        return {"Put": {"TableName": self.table, "Item": item, **_condition(_IS_NO_OTHERS, camera=camera_id)}}

    def items(self, table: str) -> Iterator[Item]:
        """Read the items of all cameras in ``self.table`` or ``self.states``, several parts of it at once."""
        with ThreadPoolExecutor(_SEGMENTS) as pool, self.said():
            for part in [pool.submit(self._segment, table, number) for number in range(_SEGMENTS)]:
                yield from part.result()

    def _segment(self, table: str, number: int) -> list[Item]:
        pages = self.client.get_paginator("scan").paginate(
            TableName=table,
            Segment=number,
            TotalSegments=_SEGMENTS,
            ConsistentRead=True,
            FilterExpression="begins_with(id, :prefix)",
            ExpressionAttributeValues=as_dynamodb({":prefix": cameras.camera_key("")}),
        )
        return [as_python(item) for page in pages for item in page["Items"]]

    def _item(self, table: str, key: str) -> Item | None:
        with self.said():
            answer = self.client.get_item(TableName=table, Key=as_dynamodb({"id": key}), ConsistentRead=True)
        return as_python(answer["Item"]) if "Item" in answer else None

    def _deletions(self, keys: set[str]) -> list[Item]:
        return [{"Delete": {"TableName": self.table, "Key": as_dynamodb({"id": key})}} for key in sorted(keys)]

    def _transact(self, actions: list[Item], camera: Camera) -> None:
        with self.said():
            try:
                self.client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                failed = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
                if _CONDITION not in failed:
                    raise
                if failed[0] == _CONDITION:
                    raise CameraError(
                        f"'{camera.camera_id}' was changed meanwhile by another; call it again"
                    ) from error
                raise CameraError(
                    f"{camera.principal} signs for another camera; name another principal, or take it from that "
                    "camera with 'principal='"
                ) from error

    @contextmanager
    def said(self) -> Iterator[None]:
        """Turn refusals of AWS into one sentence, also that of a table that does not exist."""
        with saying_in_one_sentence():
            try:
                yield
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                raise CameraError(
                    f"there is no table {self.table} or {self.states} in {self.client.meta.region_name}; name the "
                    "--region, or deploy the stack with apiAuthorization=CAMERA"
                ) from error


def proofs(camera: Camera | None) -> set[str]:
    """Ids of the items that name a camera: one for each key, one for its principal."""
    if camera is None:
        return set()
    principal = {cameras.principal_key(camera.principal)} if camera.principal else set()
    return {cameras.key_key(each.name) for each in camera.credentials} | principal


def as_dynamodb(item: Mapping[str, Any]) -> Item:
    """Write an item in the types of DynamoDB's API."""
    return {name: _SERIALIZER.serialize(value) for name, value in item.items()}


def as_python(item: Mapping[str, Any]) -> Item:
    """Read an item in the types of DynamoDB's API."""
    return {name: _DESERIALIZER.deserialize(value) for name, value in item.items()}


def _condition(expression: str, **values: Any) -> Item:
    if not values:
        return {"ConditionExpression": expression}
    named = {f":{name}": value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    return {"ConditionExpression": expression, "ExpressionAttributeValues": as_dynamodb(named)}
