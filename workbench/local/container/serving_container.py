"""Serving program of the container, with the environment from the template."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from ipc_ai_catalogue import CUSTOM
from workbench import places
from workbench.errors import StartError
from workbench.local.child_process import ChildProcess
from workbench.local.container import image_system, missing_modules, serving_environment
from workbench.local.owned_folder import owned_folder
from workbench.local.servers.http_server import HOST

_START_SECONDS = 300
_POLL_SECONDS = 0.1
_SHOWN_CHARACTERS = 600
_NOT_LOADED = '"ModelLoadFailed"'


@contextmanager
def running(
    environment: Mapping[str, str],
    *,
    service_environment: Mapping[str, str],
    model_dir: Path | None,
    model_store: Path,
    log: Path,
    work: Path | None = None,
) -> Iterator[tuple[str, ChildProcess]]:
    """Start ``serve`` in the serving environment and wait until its model is loaded.

    Temporary files of the program, a model's own packages among them, are removed when it has ended, even
    by a signal; after a SIGKILL of the workbench, by its next run.

    Args:
        environment: the rendered one.
        service_environment: endpoints of other services, and credentials.
        model_dir: folder in place of /opt/ml/model.
        model_store: folder of model folders.
        log: file for its output.
        work: folder in which it runs, which is made; None for a temporary one.

    Yields:
        Its base URL and its process.

    Raises:
        StartError: the serving environment is not there, the program ended, or its model could not be loaded; the
            message has the last error in its log, or its last line.
    """
    programs = serving_environment.programs()
    # The program inherits a listening socket, so that no other process can take the port before it binds.
    with (
        owned_folder("ipc-serving-") as temporary,
        socket.create_server((HOST, 0)) as listener,
    ):
        links = temporary / "bin"
        image_system.link_programs(links)
        # The image's user may write neither to its home, which is no folder there either, nor to where it runs.
        home = temporary / "home-that-the-container-lacks"
        home.touch()
        work = work or temporary / "work"
        work.mkdir(mode=0o555)
        listener.set_inheritable(True)
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        # Paths inside the image.
        paths = {
            "PATH": f"{programs}:{links}",
            "TMPDIR": str(temporary),
            "HOME": str(home),
            **_pip_configuration(),
            "PYTHONPATH": str(places.CATALOGUE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MODEL_STORE": str(model_store.resolve()),
            **({"SM_MODEL_DIR": str(model_dir)} if model_dir else {}),
        }
        with ChildProcess(
            [str(places.SERVING_PROGRAM / "serve"), "--bind", f"fd://{listener.fileno()}", "--chdir", str(work)],
            environment={**paths, **tuning(), **environment, **service_environment},
            directory=work,
            log=log,
            inherited_files=[listener.fileno()],
        ) as program:
            listener.close()  # leaves the program the only copy, so that connections are refused when it ends
            try:
                wait_until_ready(program, url)
            except StartError as error:
                if environment.get("APPLICATION_TYPE") != CUSTOM or model_dir is None:
                    raise
                said = missing_modules.with_advice(str(error), model_dir / "code", log=program.log_tail())
                raise StartError(said) from error
            yield url, program


def _pip_configuration() -> dict[str, str]:
    """This user's settings of pip, such as a mirror, which it would look for in the home."""
    places_of_it = [Path.home() / name for name in (".config/pip/pip.conf", ".pip/pip.conf")]
    named = os.environ.get("PIP_CONFIG_FILE") or next((str(path) for path in places_of_it if path.is_file()), None)
    return {"PIP_CONFIG_FILE": named} if named else {}


def tuning() -> dict[str, str]:
    """Environment variables of this machine that tune the serving program as they would tune the image."""
    return {name: os.environ[name] for name in ("MODEL_SERVER_WORKERS", "OMP_NUM_THREADS") if name in os.environ}


def wait_until_ready(program: ChildProcess, url: str) -> None:
    """Return when ``/ping`` answers 200, as SageMaker waits for it.

    Raises:
        StartError: the program ended, its model could not be loaded, or it took too long.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if not program.running:
            raise StartError(_end(program))
        try:
            answer = httpx.get(f"{url}/ping", timeout=2)
        except httpx.HTTPError:
            time.sleep(_POLL_SECONDS)
            continue
        if answer.status_code == 200:
            return
        # Other images may answer 500 while they start.
        if _NOT_LOADED in answer.text:
            raise StartError(reason_in_log(program))
        time.sleep(_POLL_SECONDS)
    raise StartError(f"the model was not loaded within {_START_SECONDS} s; {program.last_words}")


def _end(program: ChildProcess) -> str:
    """Say why the program ended: pip's own last error, the last one in the log, or the log's end."""
    tail = program.log_tail()
    if "pip could not install" in tail and (said := re.findall(r"^ERROR: (.+)$", tail, re.MULTILINE)):
        return f"the serving program ended: pip could not install code/requirements.txt: {said[-1]}"
    return f"the serving program ended: {error_in_log(program) or program.last_words}"


def reason_in_log(program: ChildProcess) -> str:
    """Last error in the program's log, else the end of the log."""
    return error_in_log(program) or f"the model could not be loaded by the serving program; {program.last_words}"


def error_in_log(program: ChildProcess) -> str | None:
    """Last error in the program's log, which has one JSON object a line, with what was raised."""
    for line in reversed(program.log_tail().splitlines()):
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if entry.get("level") == "ERROR":
                message = " ".join(str(entry["message"]).split())
                raised = _raised(str(entry.get("traceback", "")))
                return _shortened(message if raised in message else f"{message}: {raised}")
    return None


def _raised(traceback: str) -> str:
    """Exception of a traceback in one line; that of ONNX Runtime and others has several."""
    lines = traceback.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  ")]
    return " ".join(" ".join(lines[frames[-1] + 1 if frames else 0 :]).split())


def _shortened(line: str) -> str:
    """Text without its middle where it is long: ONNX Runtime and MXNet append their stack."""
    half = _SHOWN_CHARACTERS // 2
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:half]} ... {line[-half:]}"
