"""Docker or Podman, which runs an image as SageMaker does: ``IMAGE serve``, port 8080, /opt/ml/model."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stacks.assets.image_format import BUILD_ENVIRONMENT, BUILD_OUTPUT
from workbench.errors import StartError
from workbench.local.child_process import ChildProcess
from workbench.local.container.serving_container import wait_until_ready
from workbench.local.servers.http_server import HOST

_PORT = 8080
_MODEL_DIR = "/opt/ml/model"
_STOP_SECONDS = 30  # SageMaker's time between SIGTERM and SIGKILL
_PUBLISHING_SECONDS = 60
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Engine:
    """Program that runs containers.

    Attributes:
        command: the program and its own options.
        run_options: options of its ``run``.
        build_options: options of its ``build``.
        build_environment: environment variables that ``build`` needs in addition.
        push_options: options of its ``push``.
        bridge: the subcommand that prints this machine's address on the containers' network.
    """

    command: tuple[str, ...]
    run_options: tuple[str, ...] = ()
    build_options: tuple[str, ...] = ()
    build_environment: Mapping[str, str] = field(default_factory=dict)
    push_options: tuple[str, ...] = ()
    bridge: tuple[str, ...] = ()

    def output(self, *words: str) -> str | None:
        """Output of a subcommand; None when it fails."""
        finished = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False)
        return finished.stdout.strip() if finished.returncode == 0 else None

    def run_command(
        self, image: str, *, name: str, environment: Mapping[str, str], model_dir: Path | None
    ) -> list[str]:
        """Command line that runs ``IMAGE serve`` until it is stopped."""
        mounted = [f"--volume={model_dir}:{_MODEL_DIR}:ro"] if model_dir else []
        return [
            *(*self.command, "run", "--rm", "--pull=never", f"--name={name}", f"--stop-timeout={_STOP_SECONDS}"),
            f"--publish={HOST}::{_PORT}",
            *self.run_options,
            *(f"--env={key}={value}" for key, value in environment.items()),
            *mounted,
            *(image, "serve"),
        ]


def find(image: str) -> Engine:
    """Find the engine that works here and has the image.

    Raises:
        StartError: none works, or none has it.
    """
    working = [engine for engine in _installed() if engine.output("info") is not None]
    if not working:
        raise StartError("containerImageUri needs Docker or Podman to run here, and neither works; start one of them")
    for engine in working:
        if engine.output("image", "inspect", image) is not None:
            return engine
    raise StartError(
        f"the image {image} is not on this machine; run '{working[0].command[0]} pull {image}' first, or build and "
        "tag it so"
    )


def address_of_this_machine(image: str) -> str | None:
    """Address at which a container of the image reaches this machine; None where its engine tells none.

    Raises:
        StartError: no engine works, or none has the image.
    """
    engine = find(image)
    return engine.output(*engine.bridge) or None


def working(name: str | None = None) -> Engine:
    """Find the first engine that works here, or the one of that name.

    Raises:
        StartError: the named one does not work, or none does.
    """
    named = [engine for engine in _installed() if name in (None, engine.command[0])]
    for engine in named:
        if engine.output("info") is not None:
            return engine
    if name is None:
        raise StartError("neither Docker nor Podman works here; start one of them")
    raise StartError(f"{name} does not work here; {'start it' if named else 'install it'}, or leave --engine out")


def as_named(name: str | None = None) -> Engine:
    """Engine of that name, else the first installed one, else Docker; it need not work."""
    return _ENGINES[name or next((known for known in _ENGINES if shutil.which(known)), "docker")]()


@contextmanager
def running(
    image: str, environment: Mapping[str, str], *, model_dir: Path | None, log: Path
) -> Iterator[tuple[str, ChildProcess]]:
    """Start the image and wait until its ``/ping`` answers 200. At the end it is stopped and removed.

    Yields:
        Its base URL, and the engine's process in the foreground.

    Raises:
        StartError: it cannot be run here, it ended, or it did not become ready; the message has the last
            line of its log.
    """
    engine = find(image)
    name = f"ipc-ai-saas-{uuid.uuid4().hex[:12]}"
    command = engine.run_command(image, name=name, environment=environment, model_dir=model_dir)
    try:
        # In the foreground the engine forwards SIGTERM, also the kernel's after the parent was killed.
        with ChildProcess(command, environment=os.environ, directory=Path.cwd(), log=log) as program:
            url = _published(engine, name, program)
            wait_until_ready(program, url)
            yield url, program
    finally:
        engine.output("rm", "--force", name)  # in case the engine itself was killed


def _installed() -> Iterator[Engine]:
    return (engine() for name, engine in _ENGINES.items() if shutil.which(name))


def _docker() -> Engine:
    return Engine(
        ("docker",),
        build_options=(f"--output={BUILD_OUTPUT}",),
        build_environment=BUILD_ENVIRONMENT,
        bridge=("network", "inspect", "bridge", "--format={{(index .IPAM.Config 0).Gateway}}"),
    )


def _podman() -> Engine:
    # Containers and sandboxes refuse some kernel features of crun and podman's default limits.
    runtime = ("--runtime=runc",) if shutil.which("runc") else ()
    return Engine(
        ("podman", *runtime),
        ("--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"),
        # All registries and SageMaker take Docker's format. Docker itself caches layers and has a network by default.
        ("--format=docker", "--layers", "--network=host"),
        push_options=("--format=v2s2",),  # an image that was built in OCI's format becomes one in Docker's
        bridge=("network", "inspect", "podman", "--format={{(index .Subnets 0).Gateway}}"),
    )


_ENGINES: Mapping[str, Callable[[], Engine]] = {"docker": _docker, "podman": _podman}
NAMES = tuple(_ENGINES)


def _published(engine: Engine, name: str, program: ChildProcess) -> str:
    """Address on this machine of the container's port."""
    deadline = time.monotonic() + _PUBLISHING_SECONDS
    while time.monotonic() < deadline:
        if not program.running:
            raise StartError(f"the container ended; {program.last_words}")
        addresses = (engine.output("port", name, f"{_PORT}/tcp") or "").splitlines()
        if addresses:
            return f"http://{HOST}:{addresses[0].rpartition(':')[2]}"
        time.sleep(_POLL_SECONDS)
    raise StartError(f"the container was not started within {_PUBLISHING_SECONDS} s; see {engine.command[0]} ps --all")
