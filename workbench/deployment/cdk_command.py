"""CDK command line for the verbs: its words, and the run on this terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from stacks.assets.image_format import BUILD_ENVIRONMENT
from workbench import places, typed
from workbench.errors import SynthesisError

_ENVIRONMENT = {
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",  # the Makefile has the reason
    **BUILD_ENVIRONMENT,
    "BUILDAH_FORMAT": "docker",  # for CDK_DOCKER=podman, which builds in OCI's format unless told not to
}


def deploy(
    *,
    parameters: Mapping[str, str],
    context: Mapping[str, str],
    region: str | None,
    profile: str | None,
    require_approval: str | None,
) -> list[str]:
    """Words after ``cdk``. By the CDK's default, unnamed parameters keep their values."""
    words = ["deploy"]
    for name, value in parameters.items():
        words += ["--parameters", f"{name}={value}"]
    words += _places_and_context(context, region=region, profile=profile)
    if require_approval:
        words += ["--require-approval", require_approval]
    return words


def destroy(*, context: Mapping[str, str], region: str | None, profile: str | None) -> list[str]:
    """Words after ``cdk``. The CDK does not ask for confirmation, because the verb has."""
    return ["destroy", "--force", *_places_and_context(context, region=region, profile=profile)]


def bootstrap(*, region: str | None, profile: str | None) -> list[str]:
    """Words after ``cdk`` that prepare an account and region, once."""
    return ["bootstrap", *_places_and_context({}, region=region, profile=profile)]


def as_typed(words: Sequence[str]) -> str:
    """Return the command line to paste into a shell."""
    return typed.in_repository("npx", "cdk", *words)


def run(words: Sequence[str], *, cdk: Path, spare_stdout: bool = False) -> int:
    """Run the command line on this terminal, with its own progress and questions.

    Signals are forwarded to it, so that it ends in its own order.

    Args:
        words: the words after ``cdk``.
        cdk: the program.
        spare_stdout: send all of its output to stderr.

    Returns:
        Its exit code; 128 + N when signal N ended it.

    Raises:
        SynthesisError: the program is missing.
    """
    if not cdk.is_file():
        raise SynthesisError(f"the CDK command line is not installed; run '{typed.in_repository('make', 'install')}'")
    running: list[subprocess.Popen[bytes]] = []
    with _passing_signals(running):
        process = subprocess.Popen(
            [str(cdk), *words],
            cwd=places.REPOSITORY,
            env=_ENVIRONMENT | os.environ,
            stdout=sys.stderr if spare_stdout else None,
        )
        running.append(process)
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _passing_signals(running: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    def pass_on(number: int, _: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the CDK's process, too.
        if running and not (number == signal.SIGINT and os.isatty(0)):
            running[0].send_signal(number)

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN
    ]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _places_and_context(context: Mapping[str, str], *, region: str | None, profile: str | None) -> list[str]:
    words = []
    for name, value in context.items():
        words += ["--context", f"{name}={value}"]
    for option, value_or_none in (("--region", region), ("--profile", profile)):
        if value_or_none:
            words += [option, value_or_none]
    return words
