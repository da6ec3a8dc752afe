from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from workbench.packing import model_archive


def _packed(folder: Path, target: Path) -> bytes:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    model_archive.write(dict(reversed(files.items())), target)
    return target.read_bytes()


def _tree(folder: Path, mode: int) -> Path:
    for name in ("model.pth", "code/inference.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
    return folder


def test_the_same_files_are_the_same_bytes_whenever_and_wherever(tmp_path: Path) -> None:
    first = _packed(_tree(tmp_path / "a", 0o600), tmp_path / "first.tar.gz")
    second = _tree(tmp_path / "b", 0o755)
    os.utime(second / "model.pth", (1, 1))
    assert _packed(second, tmp_path / "out" / "second.tar.gz") == first
    (second / "model.pth").write_text("other")
    assert _packed(second, tmp_path / "second.tar.gz") != first


def test_entries_are_sorted_and_belong_to_nobody(tmp_path: Path) -> None:
    _packed(_tree(tmp_path / "a", 0o600), tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        entries = archive.getmembers()
    assert [entry.name for entry in entries] == ["code/inference.py", "model.pth"]
    assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in entries} == {(0, 0, 0, "", 0o644)}


def test_what_cannot_be_read_leaves_no_archive(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        model_archive.write({"model.pth": tmp_path / "gone"}, tmp_path / "a.tar.gz")
    assert list(tmp_path.iterdir()) == []
