"""A function's folder as the zip that Lambda takes: the same bytes for the same files, wherever it is made."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

# The first moment that a zip can tell.
_WRITTEN = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644


def archive(folder: Path) -> bytes:
    """The zip of all files under ``folder``.

    Left out are what pip writes for this machine alone, which Lambda has no use for: programs with the path of this
    Python, and the lists with their hashes.
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
