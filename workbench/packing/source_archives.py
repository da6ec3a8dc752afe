"""Archives that a model comes in: tar in any compression that Python reads, and zip.

SageMaker takes gzip alone, so each is packed anew.
"""

from __future__ import annotations

import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path

from workbench.errors import PackageError
from workbench.local.container import model_data

_ENDING = re.compile(r"\.(tar|tar\.(gz|bz2|xz)|tgz|tbz2?|txz|zip)$", re.IGNORECASE)
_UNREADABLE = re.compile(r"\.(7z|rar|gz|bz2|xz|zst|lz4?|tzst|tlz)$", re.IGNORECASE)
_READ = ".tar, .tar.gz, .tar.bz2, .tar.xz or .zip"


def without_ending(name: str) -> str:
    """Name without the ending of an archive."""
    return _ENDING.sub("", name)


def is_archive(path: Path) -> bool:
    """Return whether it is a file that is named as an archive.

    Raises:
        PackageError: it is named as one that is not read here.
    """
    if not path.is_file():
        return False
    if _ENDING.search(path.name):
        return True
    if _UNREADABLE.search(path.name):
        raise PackageError(f"{path} is an archive that is not read here; unpack it and name the folder, or use {_READ}")
    return False


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Provide a temporary folder with the content of an archive; the bytes tell its kind, not its ending.

    Raises:
        PackageError: it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="ipc-model-") as folder:
        try:
            _extract(archive, folder)
        # A zip with a password is a RuntimeError, one in a compression that Python lacks a NotImplementedError.
        except (OSError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError) as error:
            is_broken = isinstance(error, EOFError | tarfile.ReadError | zipfile.BadZipFile)
            said = "it is cut off, or neither tar nor zip" if is_broken else " ".join(str(error).split())
            raise PackageError(
                f"{archive} cannot be unpacked: {said}; pack it again as {_READ}, or name the folder"
            ) from error
        yield Path(folder)


def _extract(archive: Path, folder: str) -> None:
    if zipfile.is_zipfile(archive) and not tarfile.is_tarfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for member in packed.namelist():
                packed.extract(member, folder)
        return
    with tarfile.open(archive, "r:*") as packed_tar:
        packed_tar.extractall(folder, filter="data")
        model_data.read_to_end(packed_tar)
