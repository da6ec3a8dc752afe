"""Zip of a function's folder for Lambda: the same files give the same bytes on every machine."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

# The earliest time that a zip can store.
_WRITTEN = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644


def archive(folder: Path) -> bytes:
    """Zip all files under ``folder``.

    Files that pip writes for this machine alone are left out, because Lambda does not use them: programs with the path
    of this Python, and the lists with their hashes.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if not path.is_file() or name.parts[0] == "bin" or _is_list_of_files(name):
                continue
            entry = zipfile.ZipInfo(name.as_posix(), date_time=_WRITTEN)
            entry.external_attr = _MODE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, path.read_bytes())
    return packed.getvalue()


def _is_list_of_files(name: Path) -> bool:
    return name.name == "RECORD" and name.parent.suffix == ".dist-info"
