"""The product under comparison: ``ipc-ai package``, ``ipc-ai up``, and frames over HTTP."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from workbench import places
from workbench.errors import ParityError
from workbench.parity import answers
from workbench.parity.answers import Found

_STOP_SECONDS, _ANSWER_SECONDS = 30, 60
_WORKBENCH = (sys.executable, "-m", "workbench")
_MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png"}
_PAIR = "+"


def package(model: str, archive: Path) -> dict[str, Any]:
    """Pack a model and return what ``ipc-ai package --json`` says of it.

    Raises:
        ParityError: it is refused; the message is the command's own line.
    """
    command = [*_WORKBENCH, "package", model, "--output", str(archive), "--json"]
    finished = subprocess.run(command, cwd=places.REPOSITORY, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise ParityError(_last_line(finished.stderr) or f"ipc-ai package ended with {finished.returncode}")
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


@contextmanager
def up(archive: Path, logs: Path) -> Iterator[str]:
    """Serve a packed model and provide the URL that takes frames.

    Raises:
        ParityError: it does not start; the message is the command's own line.
    """
    command = [*_WORKBENCH, "up", str(archive), "--port", "0", "--logs", str(logs)]
    with subprocess.Popen(
        command, cwd=places.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            word, _, url = process.stdout.readline().strip().partition(" ")
            if word != "API":
                raise ParityError(_last_line(process.stderr.read()) or "ipc-ai up ended by itself")
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            process.kill()


def ask(url: str, frame: Path, *, threshold: float, source: Path | None = None) -> tuple[Found, ...]:
    """Send a frame, and return the answers from ``threshold`` on.

    Args:
        url: that of the service.
        frame: the frame.
        threshold: least score.
        source: the image whose largest face is compared with those of the frame; None for other applications.

    Raises:
        ParityError: the answer is an error.
    """
    options = {"min_confidence": max(threshold, 0.0)}
    if source is None:
        answer = httpx.post(
            url,
            params={**options, "normalized": "true"},
            content=frame.read_bytes(),
            headers={"Content-Type": _MEDIA_TYPES[frame.suffix]},
            timeout=_ANSWER_SECONDS,
        )
    else:
        images = {"source_image": source, "target_image": frame}
        encoded = {name: base64.b64encode(path.read_bytes()).decode() for name, path in images.items()}
        about = {"timestamp": "0", "request_id": frame.stem}
        answer = httpx.post(url, json={**about, **encoded, **options}, timeout=_ANSWER_SECONDS)
    if answer.status_code != httpx.codes.OK:
        raise ParityError(f"{frame.name} is answered with {answer.status_code}: {answer.text}")
    return answers.of_service(answer.json())


def is_pair(model: str) -> bool:
    """Tell whether a model is a detector and an embedder."""
    return _PAIR in model


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
