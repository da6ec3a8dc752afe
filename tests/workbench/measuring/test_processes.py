from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.measuring.processes import memory_mib, processor_seconds


@contextmanager
def _with_child(source: str) -> Iterator[int]:
    """A process whose child has run ``source`` and waits."""
    waits = f"{source}\nprint(flush=True)\ninput()"
    starts = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {waits!r}])"
    words = [sys.executable, "-c", starts]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


def test_processor_time_is_that_of_a_process_and_its_children() -> None:
    with _with_child("import time\nwhile time.process_time() < 0.5: pass") as pid:
        assert 0.45 < processor_seconds(pid) < 2


def test_memory_is_that_of_a_process_and_its_children() -> None:
    with _with_child("kept = bytearray(b'x') * 64_000_000") as pid:
        assert 61 < memory_mib(pid) < 110
