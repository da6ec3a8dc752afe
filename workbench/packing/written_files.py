"""Files that a program writes on trial where the container lets it write nothing: beside its model, and where it works.

Modes alone do not tell: they do not bind root, as whom many developers work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import PackageError

State = Mapping[Path, tuple[int, int]]
"""Time of the last change and size of each file; folders have neither."""


def state(folder: Path) -> State:
    """State of a folder; Python's own caches are left out, which it goes without in the container."""
    return {
        path: (found.st_mtime_ns, found.st_size) if path.is_file() else (0, 0)
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
        for found in [path.lstat()]
    }


@contextmanager
def refused(model_dir: Path, *, work: Path) -> Iterator[None]:
    """Refuse a program that has changed its model's folder by the end, or left files where it works.

    Args:
        model_dir: what stands for /opt/ml/model.
        work: the folder of work, new and empty.

    Raises:
        PackageError: it has; the message names a file.
    """
    before = state(model_dir)
    yield
    after = state(model_dir)
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    for folder, paths, where in (
        (model_dir, changed, "/opt/ml/model, the model's folder"),
        (work, list(state(work)), "the folder that it runs in, by a path that is relative"),
    ):
        if paths:
            # A folder is told by the first file in it.
            first = min(paths, key=lambda path: (path.is_dir(), path))
            raise PackageError(
                f"the program writes {first.relative_to(folder)} into {where}; the container lets it write to "
                "tempfile.gettempdir() alone"
            )
