from __future__ import annotations

import subprocess
import sys

from workbench.processes import memory_mib, processor_seconds


def test_processor_time_is_that_of_a_process_and_its_children() -> None:
    spins = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
    starts = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {spins!r}])"
    words = [sys.executable, "-c", starts]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = processor_seconds(process.pid)
        process.communicate(b"\n")
    assert 0.45 < used < 2


def test_memory_is_that_of_a_process_and_its_children() -> None:
    holds = "kept = bytearray(b'x') * 64_000_000\nprint(flush=True)\ninput()"
    starts = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {holds!r}])"
    words = [sys.executable, "-c", starts]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        held = memory_mib(process.pid)
        process.communicate(b"\n")
    assert 61 < held < 110
