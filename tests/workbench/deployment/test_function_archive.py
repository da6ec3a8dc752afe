from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

from workbench.deployment.function_archive import archive


def _folder(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    return folder


def test_the_bytes_are_those_of_the_files_alone(tmp_path: Path) -> None:
    names = ["package/module.py", "other.py", "package/data/table.json"]
    first, second = _folder(tmp_path / "a", names), _folder(tmp_path / "b", names[::-1])
    os.utime(first / "other.py", (1, 1))
    (second / "other.py").chmod(0o700)
    assert archive(first) == archive(second)
    (second / "other.py").write_text("another content")
    assert archive(first) != archive(second)


def test_what_pip_writes_for_this_machine_is_left_out(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ["bin/jp.py", "x-1.dist-info/RECORD", "x-1.dist-info/METADATA", "x/bin/tool.py"])
    names = zipfile.ZipFile(io.BytesIO(archive(folder))).namelist()
    assert sorted(names) == ["x-1.dist-info/METADATA", "x/bin/tool.py"]


def test_lambda_may_read_what_it_unpacks(tmp_path: Path) -> None:
    (entry,) = zipfile.ZipFile(io.BytesIO(archive(_folder(tmp_path, ["module.py"])))).infolist()
    assert entry.external_attr >> 16 == 0o644
