"""Files and folders to write, refused before the work whose result goes there."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from workbench.errors import WorkbenchError


def require_file(path: Path) -> None:
    """Make the folder of a file, and check that the file can be written.

    Raises:
        WorkbenchError: it cannot.
    """
    try:
        if not path.exists():
            _try(path.parent)
        elif path.is_dir() or not os.access(path, os.W_OK):
            code = errno.EISDIR if path.is_dir() else errno.EACCES
            raise OSError(code, os.strerror(code))
    except OSError as error:
        raise WorkbenchError(f"cannot write {path}: {error.strerror}; name another file") from error


def require_folder(path: Path) -> None:
    """Make a folder, and check that files can be written into it.

    Raises:
        WorkbenchError: it cannot be made, or takes no files.
    """
    try:
        _try(path)
    except OSError as error:
        raise WorkbenchError(f"cannot write into {path}: {error.strerror}; name another folder") from error


def _try(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
