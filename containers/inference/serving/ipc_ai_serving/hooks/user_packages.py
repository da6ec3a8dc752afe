"""Installation of a user's ``requirements.txt``, once a start, before any worker needs it.

gunicorn's master runs this. Nothing here imports a package that the user may bring in another release.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ipc_ai_catalogue import CUSTOM
from ipc_ai_serving import file_access
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.settings import Settings

PROGRAM = "inference.py"

logger = logging.getLogger(__name__)


def code_folder(model_dir: Path, code_dir: Path | None = None, program: str = PROGRAM) -> Path | None:
    """The folder with the user's program: ``code`` in the model's folder, that folder itself, or the image's.

    Raises:
        ModelLoadError: a program is there and cannot be read.
    """
    folders = [model_dir / "code", model_dir, *([code_dir] if code_dir else [])]
    file_access.require_readable(*(folder / program for folder in folders))
    return next((folder for folder in folders if (folder / program).is_file()), None)


def install(settings: Settings) -> Path | None:
    """Install the packages into a folder of their own, which is removed when this process ends.

    Packages of an image's own program are in the image. pip works in the program's folder, where paths in
    ``requirements.txt`` begin; with -P it imports nothing from there.

    Returns:
        That folder, to be searched before all others; None without a ``requirements.txt``.

    Raises:
        RuntimeError: pip failed; the log has its messages.
    """
    requirements = _requirements(settings) if settings.application_type == CUSTOM else None
    if requirements is None:
        return None
    target = Path(tempfile.mkdtemp(prefix="user-packages-"))
    atexit.register(_remove, target, os.getpid())
    logger.info("installing the packages of %s", requirements)
    command = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]
    where = ["--target", str(target), "--requirement", requirements.name]
    finished = subprocess.run([*command, *where], cwd=requirements.parent, check=False)
    if finished.returncode:
        raise RuntimeError(f"pip could not install {requirements}")
    return target


def _requirements(settings: Settings) -> Path | None:
    try:
        folder = code_folder(settings.model_dir, program=settings.program)
        requirements = folder / "requirements.txt" if folder else None
        if requirements is None or not requirements.is_file():
            return None
        file_access.require_readable(requirements)
    except ModelLoadError:  # the process that loads the program says so
        return None
    return requirements


def _remove(folder: Path, owner: int) -> None:
    """Remove the folder at the end of the process that made it; processes forked from that one come here, too."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
