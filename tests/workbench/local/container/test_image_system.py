from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from workbench.local.container import image_system

_MAPS = """\
7f0000000000-7f0000001000 r-xp 00000000 08:01 1    /usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30
7f0000001000-7f0000002000 r-xp 00000000 08:01 2    /usr/lib/x86_64-linux-gnu/libGL.so.1.7.0
7f0000002000-7f0000003000 r--p 00001000 08:01 2    /usr/lib/x86_64-linux-gnu/libGL.so.1.7.0
7f0000003000-7f0000004000 r-xp 00000000 08:01 3    /tmp/ipc-serving/user-packages-1/cv2/cv2.abi3.so
7f0000004000-7f0000005000 r-xp 00000000 08:01 4    /usr/lib/x86_64-linux-gnu/libcuda.so.550.54
7f0000005000-7f0000006000 r-xp 00000000 08:01 5    /usr/lib/x86_64-linux-gnu/libnss_files-2.36.so
7f0000006000-7f0000007000 rw-p 00000000 00:00 0    [heap]
"""


def test_libraries_that_the_image_lacks_are_named_once() -> None:
    assert image_system._foreign(_MAPS, [Path("/tmp")]) == ["libGL.so.1.7.0"]
    assert image_system._foreign(_MAPS, [Path("/usr/lib/x86_64-linux-gnu")]) == ["cv2.abi3.so"]


@pytest.mark.processes
def test_this_process_has_loaded_more_than_the_image_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own packages lie outside of the serving environment."""
    import numpy as np

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # this checkout may lie in the real one
    loaded = image_system.foreign_libraries(os.getpid(), own=[tmp_path])
    assert any(name.startswith("_multiarray_umath") for name in loaded), np.__version__


def test_compilers_and_version_control_are_not_among_the_programs(tmp_path: Path) -> None:
    image_system.link_programs(tmp_path / "bin")
    there = {path.name for path in (tmp_path / "bin").iterdir()}
    assert {"sh", "dirname", "readlink", "tar"} <= there
    assert there.isdisjoint({"gcc", "cc", "c++", "make", "cmake", "git", "curl", "ffmpeg", "node"})
    assert shutil.which("sh", path=str(tmp_path / "bin"))
