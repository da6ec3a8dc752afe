"""The process of a user's program, apart from its worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ipc_ai_serving.hooks import wire
from ipc_ai_serving.server import hook_process


@pytest.mark.processes
def test_a_process_whose_worker_ended_before_it_started_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "inference.py").write_text("import time\ndef model_fn(model_dir): time.sleep(600)\n")
    ours, its = wire.pair()
    its_life, our_life = os.pipe()
    os.close(our_life)
    numbers = its.fileno(), its_life
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", hook_process._START, *map(str, numbers)],
        env={**os.environ, "SM_MODEL_DIR": str(tmp_path), "APPLICATION_TYPE": "custom"},
        pass_fds=numbers,
        start_new_session=True,
    )
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(its_life)
        its.close()
        ours.close()
