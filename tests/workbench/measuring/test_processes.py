from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from workbench.measuring.processes import memory_mib, peak_mib, processor_seconds, together_mib

pytestmark = pytest.mark.processes


@contextmanager
def _with_child(source: str) -> Iterator[int]:
    """Process with a child that has run ``source`` and waits."""
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


def test_a_process_that_has_ended_takes_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert together_mib([process.pid]) == 0
    with pytest.raises(OSError, match=str(process.pid)):
        peak_mib(process.pid)
