"""Lines of code/requirements.txt whose paths pip does not find in the container."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.errors import PackageError
from workbench.packing.model_program import REQUIREMENTS_NAME

# https://packaging.python.org/en/latest/specifications/dependency-specifiers/ has "NAME @ URL". pip takes paths, too,
# but only a line that is nothing but a path may be relative.
_LOCAL = re.compile(
    r"\s*(?P<package>[A-Za-z0-9][A-Za-z0-9._-]*(\[[^]]*\])?\s*@)?\s*(?P<scheme>file:(//)?)?(?P<path>[^\s#;:]+)(\s|;|$)"
)
_IN_THE_CONTAINER = "/opt/ml/"


def check(path: Path) -> None:
    """Refuse ``NAME @ file:wheels/x.whl``, which pip refuses, and paths of this machine, which the container lacks.

    Raises:
        PackageError: there is such a line; the message says what to write.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        found = _LOCAL.match(line)
        if found is None:
            continue
        where = f"{REQUIREMENTS_NAME}, line {number}"
        if found["path"].startswith("/") and not found["path"].startswith(_IN_THE_CONTAINER):
            name = Path(found["path"]).name
            raise PackageError(
                f"{where}: {found['path']} is a path of this machine, which the container lacks; put the file into "
                f"code/ and write ./{name}"
            )
        if found["package"] and not found["path"].startswith("/"):
            relative = found["path"].removeprefix("./")
            raise PackageError(f"{where}: pip takes no relative path behind '@'; write ./{relative} alone")
