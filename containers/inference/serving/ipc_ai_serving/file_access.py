"""Files of a model that the program may not read, named with what to change.

SageMaker unpacks model.tar.gz as root, with the modes that its files have in the archive.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ipc_ai_serving.errors import ModelLoadError


def require_readable(*paths: Path) -> None:
    """Check that files can be read and folders entered, and all folders above; those that do not exist are passed over.

    Raises:
        ModelLoadError: one cannot be read.
    """
    for path in paths:
        for each in (*reversed(path.parents), path):
            _require(each, folder=os.X_OK)


def unreadable_below(folder: Path) -> str | None:
    """Name the first file or folder below a folder that cannot be read, in a sentence; None where all can be read."""
    try:
        _require_all(folder)
    except ModelLoadError as error:
        return str(error)
    return None


def _require_all(folder: Path) -> None:
    require_readable(folder)
    if folder.is_symlink() or not folder.is_dir():
        return
    _require(folder, folder=os.R_OK | os.X_OK)
    for path in sorted(folder.iterdir()):
        _require_all(path)


def _require(path: Path, *, folder: int) -> None:
    """Check a file, or a folder by other rights."""
    try:
        found = path.stat()
    except PermissionError:  # a link into a folder that may not be entered
        found = path.lstat()
    except OSError:  # it is not there
        return
    if os.access(path, folder if stat.S_ISDIR(found.st_mode) else os.R_OK, effective_ids=True):
        return
    raise ModelLoadError(
        f"{path} cannot be read: its mode is {found.st_mode & 0o7777:o} and its owner uid {found.st_uid}, and this "
        f"program runs as uid {os.geteuid()}; pack the model again after 'chmod -R a+rX', or build the image with "
        "RUN_AS=root"
    )
