"""Python environment of the serving program, ``.venv/serving``: the packages of the image's lock and no others.

``make install`` makes it as the image's Dockerfile does. The environment of the tools has more packages, scikit-learn
and Pillow among them, and a model that needs those would serve here and not in the image.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench import places
from workbench.errors import StartError

_LOCKS = ("requirements-build.txt", "requirements-cpu.txt")
_STAMP = "installed"


def path(environment: Path | None = None, *, locks: Path = places.SERVING_PROGRAM) -> str:
    """Search path with the environment's programs and then this machine's.

    Args and Raises: as of :func:`programs`.
    """
    return f"{programs(environment, locks=locks)}:{os.environ.get('PATH', os.defpath)}"


def programs(environment: Path | None = None, *, locks: Path = places.SERVING_PROGRAM) -> Path:
    """Folder of the environment's programs.

    Args:
        environment: its folder; None for the one that ``make install`` makes.
        locks: folder of the image's locks.

    Raises:
        StartError: the environment is missing, or was made from other locks.
    """
    folder = environment or places.SERVING_ENVIRONMENT
    stamp = folder / _STAMP
    locked = b"".join((locks / name).read_bytes() for name in _LOCKS)
    if not stamp.is_file() or stamp.read_bytes() != locked:
        said = "is of other locks than containers/inference has now" if stamp.is_file() else "is missing"
        raise StartError(
            f"the environment of the serving program, {folder}, {said}; run 'make install' in {places.REPOSITORY}"
        )
    return folder / "bin"
