"""File of keys that were made, for its owner alone: a line is in it before its camera is in the registry.

An import that was interrupted goes on with the keys of the file, so that no key is lost and none is made twice.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from camera_registry import credentials
from camera_registry.credentials import Key
from workbench.cameras.instructions import user_name
from workbench.errors import CameraError

COLUMNS = ("camera_id", "user", "password", "key")
_HEAD = ",".join(COLUMNS) + "\n"
_OWNERS_ALONE = 0o600


class SecretsFile:
    """Open file of keys.

    Attributes:
        keys: keys that it holds already, by camera; the last line of a camera counts.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        text = os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")
        if text and not text.startswith(_HEAD):
            raise CameraError(f"{path} holds other things than keys; name another file with --secrets")
        self.keys = _keys(text)
        if not text:
            self._write([COLUMNS])
        elif not text.endswith("\n"):  # an interruption cut the line, whose camera was never made
            os.write(descriptor, b"\n")

    def append(self, made: Iterable[tuple[str, Key]]) -> None:
        """Write keys to the disk before anything is made with them."""
        self._write([(name, user_name(name, key), key.secret, key.text) for name, key in made])

    def _write(self, rows: Iterable[tuple[str, ...]]) -> None:
        lines = io.StringIO(newline="")
        csv.writer(lines, lineterminator="\n").writerows(rows)
        body = lines.getvalue().encode()
        try:
            while body:
                body = body[os.write(self._descriptor, body) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise CameraError(f"cannot write {self._path}: {error.strerror}; make room, and call it again") from error


@contextmanager
def opened(path: Path) -> Iterator[SecretsFile]:
    """Open the file, or make it, for its owner alone.

    Raises:
        CameraError: it cannot be written, others can read it, or another import writes it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, _OWNERS_ALONE)
    except OSError as error:
        raise CameraError(f"cannot write {path}: {error.strerror}; name another file with --secrets") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise CameraError(f"{path} is no file that keeps keys; name another with --secrets")
        if found.st_mode & 0o077:
            raise CameraError(f"others can read {path}, which is to hold keys; run 'chmod 600' on it, or name another")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CameraError(f"another import writes {path}; wait for its end, or name another file") from error
        yield SecretsFile(descriptor, path)
    finally:
        os.close(descriptor)


def _keys(text: str) -> dict[str, Key]:
    """Keys of whole lines."""
    whole = text[: text.rfind("\n") + 1]
    found = {}
    for row in csv.reader(io.StringIO(whole, newline="")):
        key = credentials.parsed(row[-1]) if len(row) == len(COLUMNS) else None
        if key:
            found[row[0]] = key
    return found
