"""End of a local run: on any signal, when it is killed, and when a part of it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]


def _hear_hangups() -> None:
    """Restores SIGHUP, because nohup and runners without a terminal ignore it and children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@contextmanager
def _started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Process that is killed at the end of its test, also of a failed one."""
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, preexec_fn=_hear_hangups, **options
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _descendants(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [each for child in children for each in [child, *_descendants(child)]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_outlives_the_workbench(number: signal.Signals, tmp_path: Path) -> None:
    """Closing the terminal and killing the workbench leave no process, either."""
    # A shell starts background jobs with Ctrl-C ignored.
    command = [
        "sh",
        "-c",
        'trap "" INT; exec "$@"',
        "sh",
        sys.executable,
        "-m",
        "workbench",
        "up",
        "--port",
        "0",
        "--logs",
        str(tmp_path),
    ]
    command += ["--parameters", "detectorModelName=dlib_frontal_face"]
    foreign = {"VIRTUAL_ENV": str(tmp_path), "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    with _started(command, env=os.environ | foreign) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("API ")
        started = _descendants(process.pid)
        assert len(started) >= 6  # four of the function, the serving program and its workers
        process.send_signal(number)
        process.wait(60)
    for _ in range(200):
        left = [pid for pid in started if Path(f"/proc/{pid}").exists()]
        if not left:
            break
        time.sleep(0.1)
    assert left == []


def test_a_part_that_dies_ends_the_run_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--logs", str(tmp_path)]
    command += ["--parameters", "detectorModelName=dlib_frontal_face"]
    with _started(command, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("API ")
        os.kill(_descendants(process.pid)[0], signal.SIGKILL)
        assert process.wait(60) == 2
        told, failure = process.stderr.read().splitlines()
        assert told == f"serving face-detection with dlib_frontal_face; logs in {tmp_path}; Ctrl-C stops it"
        assert "ended by itself (-9); its log ends with: " in failure
        assert failure.endswith(f"; logs in {tmp_path}")


def test_a_shadow_is_said_and_not_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--logs", str(tmp_path)]
    command += ["--parameters", "detectorModelName=dlib_frontal_face", "shadowModelName=yunet_n"]
    with _started(command, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("API ")
        said = [process.stderr.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
    assert said == [
        "the shadow yunet_n does not run here: no request is mirrored, and answers are the same\n",
        f"serving face-detection with dlib_frontal_face; logs in {tmp_path}; Ctrl-C stops it\n",
    ]


def test_nohup_is_respected(tmp_path: Path) -> None:
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "workbench", "up", "--port", "0"]
    command += ["--logs", str(tmp_path), "--parameters", "detectorModelName=dlib_frontal_face"]
    with _started(command) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("API ")
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
