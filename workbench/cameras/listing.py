"""All cameras with their states: alive, silent, never seen, disabled."""

from __future__ import annotations

import dataclasses
import functools
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from camera_registry import cameras, profiles
from camera_registry.cameras import DISABLED, Camera
from camera_registry.profiles import SILENT_AFTER_S, Profile
from camera_registry.states import RECORDED_EVERY_S, SHOWN_SKEW_S
from workbench.cameras.registry import Item, Registry

ALIVE, SILENT, NEVER_SEEN = "alive", "silent", "never seen"
STATES = (ALIVE, SILENT, NEVER_SEEN, DISABLED)


@dataclass(frozen=True)
class Seen:
    """A camera as the list shows it.

    Attributes:
        camera_id: its name.
        site: where it stands.
        tags: its groups.
        vendor: whose menu it has.
        state: one of ``STATES``.
        last_seen: the last sign of life, in UTC; None for none.
        frames_today: frames of the present day in the zone of its profile.
        skew_s: seconds by which its clock is ahead; None where it told no time.
    """

    camera_id: str
    site: str
    tags: tuple[str, ...]
    vendor: str
    state: str
    last_seen: datetime | None
    frames_today: int
    skew_s: int | None

    @property
    def is_skewed(self) -> bool:
        """True when its clock is wrong."""
        return self.skew_s is not None and abs(self.skew_s) > SHOWN_SKEW_S

    def as_document(self) -> dict[str, Any]:
        """The camera as JSON's values."""
        last_seen = self.last_seen.isoformat() if self.last_seen else None
        return {**dataclasses.asdict(self), "tags": list(self.tags), "last_seen": last_seen}


def everything(registry: Registry, now: datetime) -> list[Seen]:
    """Read all cameras and their states, by name; both tables at once."""
    with ThreadPoolExecutor(1) as pool:
        of_states = pool.submit(lambda: {item["id"]: item for item in registry.items(registry.states)})
        items = sorted(registry.items(registry.table), key=lambda item: str(item["camera_id"]))
        tags = {tag for item in items for tag in item["tags"]}
        in_force = _in_force(_wider(registry, sorted(tags)))
        states = of_states.result()
    return [_of_items(item, in_force, states.get(item["id"], {}), now) for item in items]


def one(registry: Registry, camera: Camera, now: datetime) -> Seen:
    """Read the state of one camera."""
    in_force = _in_force(_wider(registry, camera.tags))
    return _of_items(camera.as_item(), in_force, registry.state(camera.camera_id), now)


def profiles_of(registry: Registry, camera: Camera) -> list[tuple[str, Profile]]:
    """Read the profiles that speak for a camera, the strongest first, each with whose it is."""
    return _sources(camera.profile, camera.tags, _wider(registry, camera.tags))


def chosen(
    found: Iterable[Seen], *, site: str | None = None, tag: str | None = None, state: str | None = None
) -> list[Seen]:
    """Cameras of a site, with a tag, in a state; None stands for any."""
    return [
        each
        for each in found
        if site in (None, each.site) and (tag is None or tag in each.tags) and state in (None, each.state)
    ]


def _wider(registry: Registry, tags: Iterable[str]) -> dict[str, Profile]:
    """Read the profiles of the fleet and of tags."""
    return registry.profiles([cameras.FLEET_PROFILE, *map(cameras.tag_profile_key, tags)])


def _sources(own: Profile, tags: Iterable[str], wider: Mapping[str, Profile]) -> list[tuple[str, Profile]]:
    of_tags = [(f"tag {tag}", wider.get(cameras.tag_profile_key(tag), Profile())) for tag in tags]
    return [("camera", own), *of_tags, ("fleet", wider.get(cameras.FLEET_PROFILE, Profile()))]


def _in_force(wider: Mapping[str, Profile]) -> Callable[[str, tuple[str, ...]], Profile]:
    """Tell profiles in force by the JSON of a camera's own and its tags; most cameras of a fleet share one."""

    @functools.cache
    def in_force(own_json: str, tags: tuple[str, ...]) -> Profile:
        own, *of_tags, fleet = (said for _, said in _sources(cameras.of_item({"profile": own_json}), tags, wider))
        return profiles.combined(own, of_tags, fleet)

    return in_force


def _of_items(item: Item, in_force: Callable[[str, tuple[str, ...]], Profile], state: Item, now: datetime) -> Seen:
    """Tell the state of a camera from its items in both tables."""
    profile = in_force(item["profile"], tuple(item["tags"]))
    last = datetime.fromtimestamp(int(state["last_seen"]), UTC) if "last_seen" in state else None
    today = now.astimezone(zoneinfo.ZoneInfo(profile.zone or "UTC")).date().isoformat()
    return Seen(
        camera_id=item["camera_id"],
        site=item["site"],
        tags=tuple(item["tags"]),
        vendor=item["vendor"],
        state=_state(item["status"], profile, state, last, now),
        last_seen=last,
        frames_today=int(state.get("frames", 0)) if state.get("day") == today else 0,
        skew_s=int(state["skew_s"]) if state.get("skew_s") is not None else None,
    )


def _state(status: str, profile: Profile, state: Item, last: datetime | None, now: datetime) -> str:
    """A camera is silent from its own interval on, also while the watch has not come round; so says the watch, too."""
    if status == DISABLED:
        return DISABLED
    if last is None:
        return NEVER_SEEN
    patience = (profile.silent_after_s or SILENT_AFTER_S) + RECORDED_EVERY_S
    return SILENT if "silent_since" in state or (now - last).total_seconds() > patience else ALIVE
