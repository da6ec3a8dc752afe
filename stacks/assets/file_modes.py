"""Modes of files that a deployment brings along, whatever umask the deploying machine has.

Lambda and containers read them as another user: under a umask of 027 or 077 they could not.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER, _FILE, _PROGRAM = 0o755, 0o644, 0o755
_OWNER_RUNS = 0o100


def make_readable(folder: Path) -> None:
    """Let all users read a folder and all below it; symbolic links are neither changed nor followed."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = _FOLDER if path.is_dir() else _PROGRAM if mode & _OWNER_RUNS else _FILE
        if mode & 0o7777 != wanted:
            path.chmod(wanted)


def make_assets_readable(assembly: Path) -> None:
    """Let all users read the assets that the CDK has copied into its output: code, and contexts of images."""
    for path in assembly.glob("asset.*"):
        make_readable(path)
