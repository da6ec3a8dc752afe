"""Installation of a user's ``requirements.txt``, once a start, before any worker needs it.

gunicorn's master runs this. Nothing here imports a package that the user may bring in another release.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import shutil
import site
import subprocess
import sysconfig
import tempfile
import venv
from pathlib import Path

from ipc_ai_catalogue import CUSTOM
from ipc_ai_serving import file_access
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.settings import Settings

PROGRAM = "inference.py"
# Python reads such files in the order of their names: behind those of users' packages, whose folders go first.
_IMAGE_PACKAGES = "~image.pth"
_REQUIREMENTS = "requirements.txt"
_LINKED_FROM = 32 * 2**20

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
    """Install the packages into an environment of their own, which is removed when this process ends.

    It finds the standard library, the user's packages, and then the image's. Packages of an image's own program are in
    the image. pip works in a copy of the program's folder, where paths in ``requirements.txt`` begin: a package that is
    built writes beside its sources, and /opt/ml/model is read-only. With -P it imports nothing from there.

    Returns:
        Python of that environment; None without a ``requirements.txt``.

    Raises:
        RuntimeError: pip failed; the log has its messages.
    """
    requirements = _requirements(settings) if settings.application_type == CUSTOM else None
    if requirements is None:
        return None
    target = Path(tempfile.mkdtemp(prefix="user-packages-"))
    atexit.register(_remove, target, os.getpid())
    logger.info("installing the packages of %s", requirements)
    python = _environment(target / "environment")
    work = _copied(requirements.parent, target / "code")
    command = [str(python), "-P", "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]
    # Packages that the image has are installed again: what is required decides their releases, and the image's do not.
    finished = subprocess.run([*command, "--ignore-installed", "-r", _REQUIREMENTS], cwd=work, check=False)
    if finished.returncode:
        raise RuntimeError(f"pip could not install {requirements}")
    return python


def _environment(folder: Path) -> Path:
    """Make a virtual environment whose packages go before those of this interpreter; its Python."""
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    ours = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    (packages / _IMAGE_PACKAGES).write_text(f"import site; list(map(site.addsitedir, {ours!r}))\n")
    return folder / "bin" / "python"


def _copied(folder: Path, copy: Path) -> Path:
    """Copy a folder so that it can be written to; weights beside a program are linked."""
    with contextlib.suppress(shutil.Error):  # of single files that cannot be read: pip says so if it needs one
        shutil.copytree(folder, copy, copy_function=_copy_or_link, ignore_dangling_symlinks=True)
    for place, _, _ in os.walk(copy):
        Path(place).chmod(0o700)
    requirements = copy / _REQUIREMENTS
    requirements.write_bytes(requirements.read_bytes().replace(os.fsencode(f"{folder}/"), os.fsencode(f"{copy}/")))
    return copy


def _copy_or_link(source: str, target: str) -> None:
    if Path(source).stat().st_size < _LINKED_FROM:
        shutil.copyfile(source, target)
    else:
        Path(target).symlink_to(source)


def _requirements(settings: Settings) -> Path | None:
    try:
        folder = code_folder(settings.model_dir, program=settings.program)
        requirements = folder / _REQUIREMENTS if folder else None
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
