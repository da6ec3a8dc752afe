from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipc_ai_serving.server import memory


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_s_limit_counts(name: str, tmp_path: Path) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory.limit(tmp_path) == machine
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("max\n")
    assert memory.limit(tmp_path) == machine
    (tmp_path / name).write_text("1048576\n")
    assert memory.limit(tmp_path) == 1048576
