"""Writing of a model.tar.gz: the same files give the same bytes at any place and time."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path

# SageMaker's containers run under users of their own, so all users may read.
_MODE = 0o644
_LEVEL = 6

Files = dict[str, Path]
"""Files by their name in the archive."""


def write(files: Mapping[str, Path], target: Path) -> None:
    """Pack files by their name in the archive, sorted, without times or owners. The archive appears once complete.

    Compressed bytes can differ between versions of zlib.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_name(f".{target.name}.partial")
    try:
        with (
            building.open("wb") as raw,
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name in sorted(files):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = files[name].stat().st_size, _MODE
                with files[name].open("rb") as content:
                    archive.addfile(entry, content)
        building.replace(target)
    finally:
        building.unlink(missing_ok=True)
