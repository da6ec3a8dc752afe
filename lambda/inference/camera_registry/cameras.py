"""A camera, and the items of the registry's table that hold it.

==================  =====================================================================
``id``              the other attributes
==================  =====================================================================
``camera#CAMERA``   the camera
``key#NAME``        ``camera_id`` of the camera that the key of this name is of
``principal#ARN``   ``camera_id`` of the camera that signs with this role, session or user
``profile#fleet``   ``profile``: the fleet's, as a JSON object
``profile#tag#TAG`` ``profile``: that of all cameras with the tag
==================  =====================================================================

The table of states has ``camera#CAMERA``, too: when it was last seen, its frames today, whether it is silent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from camera_registry.credentials import Credential
from camera_registry.profiles import Profile

ENABLED, DISABLED = "enabled", "disabled"
"""The statuses of a camera."""
FLEET_PROFILE = "profile#fleet"
"""The id of the item with the fleet's profile."""
_NAME = re.compile(r"[A-Za-z0-9_.:@-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A camera, or an integrator that is none.

    Attributes:
        camera_id: its name, 1 to 64 of letters, digits and ``_.:@-``.
        status: ``enabled`` or ``disabled``.
        site: where it stands; empty where nobody said.
        tags: its groups, which may have profiles.
        vendor: whose menu it has, as the reader of pushes names vendors; empty where nobody said.
        credentials: at most two.
        principal: the ARN of the role, session or user by which it signs; None for none.
        profile: its own, over those of its tags and the fleet's.
        created: in UTC.
        updated: in UTC.
    """

    camera_id: str
    created: datetime
    updated: datetime
    status: str = ENABLED
    site: str = ""
    tags: tuple[str, ...] = ()
    vendor: str = ""
    credentials: tuple[Credential, ...] = ()
    principal: str | None = None
    profile: Profile = field(default_factory=Profile)

    def as_item(self) -> dict[str, Any]:
        """The item of the table, in values that boto3's TypeSerializer takes."""
        return {
            "id": camera_key(self.camera_id),
            "camera_id": self.camera_id,
            "status": self.status,
            "site": self.site,
            "tags": list(self.tags),
            "vendor": self.vendor,
            "credentials": json.dumps([each.as_document() for each in self.credentials]),
            "principal": self.principal,
            "profile": self.profile.as_json(),
            "created": self.created.isoformat(),
            "updated": self.updated.isoformat(),
        }

    @classmethod
    def of_item(cls, item: Mapping[str, Any]) -> Camera:
        """Read an item of the table."""
        return cls(
            camera_id=item["camera_id"],
            status=item["status"],
            site=item["site"],
            tags=tuple(item["tags"]),
            vendor=item["vendor"],
            credentials=tuple(Credential.of_document(each) for each in json.loads(item["credentials"])),
            principal=item["principal"],
            profile=of_item(item),
            created=datetime.fromisoformat(item["created"]),
            updated=datetime.fromisoformat(item["updated"]),
        )


def of_item(item: Mapping[str, Any] | None) -> Profile:
    """The profile in an item; an empty one where there is no item.

    Values were checked when they were written, so that none is checked again here.
    """
    said = json.loads(item["profile"]) if item else {}
    return Profile(**{name: _tuples(value) for name, value in said.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def is_camera_id(text: str) -> bool:
    """True for a name that a camera may have."""
    return _NAME.fullmatch(text) is not None


def camera_key(camera_id: str) -> str:
    """The id of a camera's item, in both tables."""
    return f"camera#{camera_id}"


def key_key(name: str) -> str:
    """The id of the item that names the camera of a key."""
    return f"key#{name}"


def principal_key(arn: str) -> str:
    """The id of the item that names the camera of a role, session or user."""
    return f"principal#{arn}"


def tag_profile_key(tag: str) -> str:
    """The id of the item with the profile of a tag."""
    return f"profile#tag#{tag}"
