"""Cameras of the registry with their profiles, a hundred at a time: the watch asks for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from camera_registry import cameras
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile, combined

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_KEYS = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
_MOST_ATTEMPTS = 8


class Roster:
    """The registry, read without a cache."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        """Read from a table.

        Args:
            client: boto3's client of DynamoDB.
            table: the registry's name.
        """
        self._client = client
        self._table = table
        self._read = TypeDeserializer().deserialize

    def enabled(self, camera_ids: Iterable[str]) -> dict[str, Profile]:
        """The profiles in force of those of the cameras that are in the registry and enabled.

        Raises:
            TimeoutError: the table is throttled.
            Exception: boto3's.
        """
        found = [Camera.of_item(item) for item in self._items(map(cameras.camera_key, camera_ids)).values()]
        enabled = [camera for camera in found if camera.status == cameras.ENABLED]
        tags = {cameras.tag_profile_key(tag) for camera in enabled for tag in camera.tags}
        wider = self._items([*tags, cameras.FLEET_PROFILE] if enabled else [])
        return {
            camera.camera_id: combined(
                camera.profile,
                [cameras.of_item(wider.get(cameras.tag_profile_key(tag))) for tag in camera.tags],
                cameras.of_item(wider.get(cameras.FLEET_PROFILE)),
            )
            for camera in enabled
        }

    def _items(self, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Items by their ids."""
        left: list[Any] = [{"id": {"S": each}} for each in ids]
        items: dict[str, Mapping[str, Any]] = {}
        fruitless = 0
        while left:
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": left[:_MOST_KEYS]}})
            page = answer["Responses"].get(self._table, [])
            for item in page:
                plain = {name: self._read(value) for name, value in item.items()}
                items[plain["id"]] = plain
            unread: Any = answer.get("UnprocessedKeys") or {}
            left = [*unread.get(self._table, {}).get("Keys", []), *left[_MOST_KEYS:]]
            fruitless = 0 if page or not unread else fruitless + 1
            if fruitless == _MOST_ATTEMPTS:
                raise TimeoutError("the registry of cameras is throttled")
        return items
