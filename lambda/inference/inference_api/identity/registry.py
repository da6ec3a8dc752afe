"""The registry of cameras, as the functions read it: its items are kept for 30 seconds.

A camera that is disabled, rotated or removed is refused when its item is read again, so within 30 s of each process.
While DynamoDB does not answer, a camera read within the last 55 s goes on, and all others get 503: no failure of the
registry lets in what it would have refused a minute ago.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from camera_registry import cameras
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile, combined
from inference_api.errors import RegistryUnavailableError
from inference_api.identity.aging import AgingCache, Moment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    Found = Camera | Profile | str

FRESH_S, ABSENT_S, STALE_S = 30.0, 5.0, 55.0
"""Seconds that an item counts, that its absence does, and that an item does while DynamoDB does not answer."""
_PAUSE_S = 1.0  # until a registry that did not answer is asked again: a request must not wait for it twice
# More cameras than a process can serve within FRESH_S. Wrong names have a room of their own, and push out no camera.
_MOST_FOUND, _MOST_ABSENT = 4096, 1024


class Registry:
    """The table of cameras, read through a cache. Not thread-safe."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], Moment] = Moment.now) -> None:
        """Read from a table.

        Args:
            client: boto3's client of DynamoDB, with short timeouts.
            table: the table's name.
            clock: tells the present.
        """
        self._client = client
        self._table = table
        self._clock = clock
        self._found: AgingCache[Found] = AgingCache(_MOST_FOUND)
        self._absent: AgingCache[None] = AgingCache(_MOST_ABSENT)
        self._failed: Moment | None = None

    def camera(self, camera_id: str) -> Camera | None:
        """A camera; None where there is none of this name.

        Raises:
            RegistryUnavailableError: the registry does not answer, and the camera was not read lately.
        """
        camera = self._read(cameras.camera_key(camera_id))[0] if cameras.is_camera_id(camera_id) else None
        assert camera is None or isinstance(camera, Camera)
        return camera

    def camera_of_key(self, name: str) -> Camera | None:
        """The camera that a key of this name is of; its credentials say whether it still is.

        Raises:
            RegistryUnavailableError: as of ``camera``.
        """
        return self._named_by(cameras.key_key(name))

    def camera_of_principal(self, arn: str) -> Camera | None:
        """The camera that signs as this role, session or user; its ``principal`` says whether it still does.

        Raises:
            RegistryUnavailableError: as of ``camera``.
        """
        return self._named_by(cameras.principal_key(arn))

    def camera_with_profile(self, camera_id: str) -> tuple[Camera, Profile] | None:
        """A camera, and its profile in force: its own, over those of its tags, over the fleet's; None for no camera.

        Raises:
            RegistryUnavailableError: as of ``camera``.
        """
        camera, fleet = self._read(cameras.camera_key(camera_id), cameras.FLEET_PROFILE)
        if not isinstance(camera, Camera):
            return None
        tags = self._read(*(cameras.tag_profile_key(tag) for tag in dict.fromkeys(camera.tags)))
        return camera, combined(camera.profile, _profiles(tags), _profiles([fleet])[0])

    def _named_by(self, key: str) -> Camera | None:
        camera_id = self._read(key)[0]
        return self.camera(camera_id) if isinstance(camera_id, str) else None

    def _read(self, *keys: str) -> list[Found | None]:
        """The items of these ids, from the cache or the table; None where there is none."""
        now = self._clock()
        kept = {key: self._kept(key, now) for key in keys}
        missing = [key for key, (_, age, limit) in kept.items() if age > limit]
        if not missing:
            return [kept[key][0] for key in keys]
        try:
            fresh = self._fetched(missing, now)
        except RegistryUnavailableError:
            if any(found is None or age > STALE_S for found, age, _ in (kept[key] for key in missing)):
                raise
            fresh = {}
        return [fresh[key] if key in fresh else kept[key][0] for key in keys]

    def _kept(self, key: str, now: Moment) -> tuple[Found | None, float, float]:
        """What is known of an item, its age in seconds, and the age until which it counts."""
        if (found := self._found.get(key, now)) is not None:
            return *found, FRESH_S
        if (absent := self._absent.get(key, now)) is not None:
            return *absent, ABSENT_S
        return None, float("inf"), 0.0

    def _fetched(self, keys: Sequence[str], now: Moment) -> dict[str, Found | None]:
        """Fetch items from the table, in one call.

        Raises:
            RegistryUnavailableError: it did not answer now, or a moment ago.
        """
        if self._failed is not None and 0 <= now.since(self._failed) < _PAUSE_S:
            raise RegistryUnavailableError("the registry of cameras does not answer; send the request again")
        try:
            items = self._items(keys)
        except (BotoCoreError, ClientError, TimeoutError) as error:
            self._failed = now
            # Without its words: botocore's may have the key of an item, which the caller chose.
            raise RegistryUnavailableError(
                f"the registry of cameras does not answer ({type(error).__name__}); send the request again"
            ) from None
        self._failed = None
        fetched = {key: _found(key, items.get(key)) for key in keys}
        for key, found in fetched.items():
            if found is None:
                self._found.forget(key)
                self._absent.put(key, None, now)
            else:
                self._found.put(key, found, now)
        return fetched

    def _items(self, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        wanted: Any = {self._table: {"Keys": [{"id": {"S": key}} for key in keys]}}
        answer = self._client.batch_get_item(RequestItems=wanted)
        if answer.get("UnprocessedKeys"):
            raise TimeoutError("the table is throttled")
        items = (_plain(item) for item in answer["Responses"][self._table])
        return {item["id"]: item for item in items}


def _found(key: str, item: Mapping[str, Any] | None) -> Found | None:
    """What an item holds; a profile that is not there says nothing, which is kept as long as one that is."""
    if key.startswith("profile#"):
        return cameras.of_item(item)
    if item is None:
        return None
    return Camera.of_item(item) if key.startswith("camera#") else str(item["camera_id"])


def _plain(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Values of DynamoDB's form as Python's. boto3 has a reader, which loads a third of boto3; items have few types."""
    return {name: _value(value) for name, value in item.items()}


def _value(typed: Mapping[str, Any]) -> Any:
    kind, value = next(iter(typed.items()))
    if kind == "L":
        return [_value(each) for each in value]
    return None if kind == "NULL" else value


def _profiles(found: Sequence[Found | None]) -> list[Profile]:
    return [each for each in found if isinstance(each, Profile)]
