"""Cameras of a file in the new registry of ``up``, with keys that a second run finds again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from camera_registry.credentials import Key
from workbench.cameras import import_file, importing, secrets_file
from workbench.cameras.import_file import Row
from workbench.cameras.instructions import user_name
from workbench.cameras.registry import Registry
from workbench.errors import CameraError

SHOWN = 5
"""Cameras whose keys are shown; those of the others are in the file."""
_SECRETS = "camera-keys.csv"


@dataclass(frozen=True)
class Seeded:
    """Cameras that were made.

    Attributes:
        keys: the first ones that have a key, in the file's order.
        secrets: the file of all keys.
    """

    keys: dict[str, Key]
    secrets: Path

    @property
    def lines(self) -> list[str]:
        """Each shown camera with its user and password, and its key for the URL."""
        return [f"Camera {name} {user_name(name, key)}:{key.secret} k={key.text}" for name, key in self.keys.items()]


def read(path: Path) -> list[Row]:
    """Read a file of cameras, as ``ipc-ai camera import`` takes it.

    Raises:
        CameraError: it cannot be read, or a row is none; the first is named.
    """
    rows, bad = import_file.read(path, datetime.now(UTC))
    if bad:
        more = f"; {len(bad) - 1} more rows are wrong, too" if len(bad) > 1 else ""
        raise CameraError(f"{path}, line {bad[0].line}: {bad[0].fault}{more}")
    return rows


def seed(registry: Registry, rows: list[Row], folder: Path) -> Seeded:
    """Make the cameras.

    Args:
        registry: the empty registry.
        rows: the cameras.
        folder: where the file of keys is, or is made; keys that it has are given again.

    Raises:
        CameraError: the file of keys cannot be written, or others can read it.
    """
    path = folder / _SECRETS
    with secrets_file.opened(path) as secrets:
        importing.make(registry, importing.plan(registry, rows), secrets, datetime.now(UTC), lambda _: None)
    with secrets_file.opened(path) as written:
        named = [row.camera.camera_id for row in rows if row.scopes]
        shown = {name: written.keys[name] for name in named[:SHOWN]}
    return Seeded(shown, path)
