"""Run the whole service on this machine, exactly as the rendered template says."""

from __future__ import annotations

import argparse
import contextlib
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from workbench import places
from workbench.deployment import model_to_deploy
from workbench.errors import PackageError, WorkbenchError
from workbench.local import model_data, service
from workbench.packing import packed_model
from workbench.packing.packed_model import PackedModel
from workbench.template import parameters
from workbench.template.rendered_stack import render
from workbench.template.rendered_template import synthesize

LOCAL_DEFAULTS = {"apiAuthorization": "NONE"}
"""Defaults that differ from the template's, because only this machine reaches the local API."""

_CHECK_SECONDS = 0.5
_LAST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    model_to_deploy.add_model_argument(parser)
    packed_model.add_layout_arguments(parser)
    parameters.add_argument(parser)
    parser.add_argument("--port", type=_port, default=8000, help="port of the API; 0 picks a free one (default: 8000)")
    parser.add_argument("--region", default="us-east-1", help="region to render the template for")
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument("--logs", type=Path, help="folder for the logs (default: a new temporary one)")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port; write a number from 0 to {_LAST_PORT}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Start all parts, print their addresses, and wait for Ctrl-C or SIGTERM."""
    console = Console(stderr=True)
    with console.status("synthesizing the stack"):
        given, local_model_data = model_data.stand_in(model_parameters(arguments))
        stack = render(synthesize(), LOCAL_DEFAULTS | given, arguments.region)
    logs = arguments.logs or Path(tempfile.mkdtemp(prefix="ipc-ai-saas-"))
    logs.mkdir(parents=True, exist_ok=True)
    console.print(f"logs in {logs}", highlight=False, soft_wrap=True)
    starting = service.running(
        stack, port=arguments.port, model_store=arguments.store, logs=logs, local_model_data=local_model_data
    )
    with _logs_left(logs, console), starting as running:
        print(f"API {running.api_url}", flush=True)
        print(f"Events s3://{running.events.bucket} at {running.events.url}", flush=True)
        if uploads := running.uploads:
            print(f"Upload {uploads.url}/incoming/camera=ID/NAME", flush=True)
            queues = f"--queue-url {uploads.queue_url} --dead-letter-queue-url {uploads.dead_letter_queue_url}"
            print(f"Replay {queues}", flush=True)
        if running.api_key:
            print(f"Key {running.api_key}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                running.check()
                time.sleep(_CHECK_SECONDS)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # stopping takes a moment, and a second signal must not interrupt it
    console.print("stopped")
    return 0


@contextlib.contextmanager
def _logs_left(logs: Path, console: Console) -> Iterator[None]:
    """After a failure name the logs that stay; an empty folder is removed."""
    try:
        yield
    except WorkbenchError:
        if any(logs.iterdir()):
            console.print(f"the logs stay in {logs}", highlight=False, soft_wrap=True)
        else:
            logs.rmdir()
        raise


def model_parameters(arguments: argparse.Namespace) -> dict[str, str]:
    """Parameters given, with those of the model, which is packed where it is the operator's own.

    Raises:
        PackageError: the model cannot be packed, or does not run here.
    """
    given = parameters.parse(arguments.parameters)
    if arguments.application:
        given = {"applicationType": arguments.application, **given}
    model = model_to_deploy.chosen(arguments, store=arguments.store, is_in_image=False)
    if model is None:
        return given
    model_to_deploy.refuse_another_application(arguments.model, model, given)
    model_to_deploy.refuse_another_name(model, given)
    if not isinstance(model, PackedModel):
        return {**model.model_parameters, **given}
    if not model.layout.served_by_our_image and "containerImageUri" not in given:
        raise PackageError(
            f"the serving program has no {model.layout.framework}; name its image with --parameters "
            "containerImageUri=IMAGE, or deploy it"
        )
    return {**model.model_parameters, model_data.PARAMETER: str(model.archive), **given}
