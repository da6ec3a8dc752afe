"""Files of a model that the program may not read, named with what to change.

SageMaker unpacks model.tar.gz as root, with the modes that its files have in the archive.
"""

from __future__ import annotations

import os
from pathlib import Path

from ipc_ai_serving.errors import ModelLoadError


def require_readable(*paths: Path) -> None:
    """Check that files and folders, and all folders above them, can be read; those that do not exist are passed over.

    Raises:
        ModelLoadError: one cannot be read.
    """
    for path in paths:
        for folder in reversed(path.parents):
            _require(folder, os.X_OK)
        if path.exists():
            _require(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK)


def unreadable_below(folder: Path) -> str | None:
    """Name the first file or folder below a folder that cannot be read, in a sentence; None where all can be read."""
    try:
        _require_all(folder)
    except ModelLoadError as error:
        return str(error)
    return None


def _require_all(folder: Path) -> None:
    require_readable(folder)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            _require_all(path)
        else:
            require_readable(path)


def _require(path: Path, needed: int) -> None:
    if not path.exists() or os.access(path, needed, effective_ids=True):
        return
    found = path.stat()
    raise ModelLoadError(
        f"{path} cannot be read: its mode is {found.st_mode & 0o7777:o} and its owner uid {found.st_uid}, and this "
        f"program runs as uid {os.geteuid()}; pack the model again after 'chmod -R a+rX', or build the image with "
        "RUN_AS=root"
    )
