"""Temporary folder of a run: a later run removes it where its owner was killed and could not."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWNER = ".owner"


@contextmanager
def owned_folder(prefix: str) -> Iterator[Path]:
    """Provide a new temporary folder, after removing those of the same prefix that no living process owns.

    A lock on a file in it tells whether its owner lives, also an owner in another container.
    """
    _remove_orphans(prefix)
    with (
        tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder,
        tempfile.NamedTemporaryFile(dir=folder, delete=False) as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(Path(folder, _OWNER))  # only now, so that a folder with it is never without its lock
        yield Path(folder)


def _remove_orphans(prefix: str) -> None:
    for owner in Path(tempfile.gettempdir()).glob(f"{prefix}*/{_OWNER}"):
        try:
            with owner.open("r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:  # it is in use, another user's, or just removed
            continue
