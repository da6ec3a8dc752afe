from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from workbench.local.owned_folder import owned_folder

pytestmark = pytest.mark.processes

_OWNER = """
import sys, time
from workbench.local.owned_folder import owned_folder
with owned_folder("ipc-test-") as folder:
    (folder / "packages").mkdir()
    print(folder, flush=True)
    time.sleep(300)
"""


def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        with owned_folder("ipc-test-") as mine:
            assert left.is_dir()
            assert mine.is_dir()
        assert not mine.exists()
        owner.kill()
    assert left.is_dir()
    (tmp_path / "ipc-test-older").mkdir()  # of a version that did not say whose it is
    with owned_folder("ipc-test-"):
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["ipc-test-older"]
