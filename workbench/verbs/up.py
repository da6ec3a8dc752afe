"""Run the whole service on this machine, exactly as the rendered template says."""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from workbench import places, regions, typed
from workbench.cameras import place, seeding
from workbench.cameras.import_file import Row
from workbench.cameras.place import Asked
from workbench.deployment import model_to_deploy
from workbench.errors import CameraError, PackageError
from workbench.local import service
from workbench.local.api_gateway.rehearsal import STATUSES, Rehearsal
from workbench.local.container import model_data
from workbench.local.owned_folder import owned_folder
from workbench.local.service import LocalService
from workbench.local.services.tables import Tables
from workbench.packing import packed_model
from workbench.packing.packed_model import PackedModel
from workbench.recognition import plain_words
from workbench.tables import plain_words as tables_in_words
from workbench.template import parameters
from workbench.template.rendered_stack import render
from workbench.template.rendered_template import synthesize

LOCAL_DEFAULTS = {"apiAuthorization": "NONE"}
"""Defaults that differ from the template's, because only this machine reaches the local API."""
_WITH_CAMERAS = {"apiAuthorization": "CAMERA"}

_DIFFERS = """\
It answers as the stack would, with these differences: four instances of the function at most, the month's quota is the
run's, no web ACL, no TLS, no access log, and IAM has the one principal that is printed. docs/local.md says more.
"""
_CHECK_SECONDS = 0.5
_PACKED = "ipc-packed-"
_LONGEST_DELAY = 60
_LAST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.epilog = _DIFFERS
    model_to_deploy.add_model_argument(parser)
    packed_model.add_layout_arguments(parser)
    parameters.add_argument(parser)
    parser.add_argument("--port", type=_port, default=8000, help="port of the API; 0 picks a free one (default: 8000)")
    parser.add_argument(
        "--region", type=regions.argument, default="us-east-1", help="region to render the template for"
    )
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument(
        "--fail",
        type=_statuses,
        default=(),
        metavar="STATUS,STATUS",
        help="answer each camera's requests (by X-Camera-Id) with these in turn, then let one through, and so on; "
        f"any of {', '.join(map(str, STATUSES))}",
    )
    parser.add_argument(
        "--delay",
        type=_seconds,
        default=0,
        metavar="SECONDS",
        help="hold each request that is let through for so long before the function gets it; from 29 on it is 504",
    )
    parser.add_argument(
        "--cameras",
        type=Path,
        metavar="FILE",
        help="put these cameras into the registry, from a file as 'camera import' takes it; apiAuthorization is CAMERA "
        "unless you name CAMERA_IAM",
    )
    parser.add_argument("--logs", type=Path, help="folder for the logs (default: a new temporary one)")


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port; write a number from 0 to {_LAST_PORT}")
    return int(text)


def _statuses(text: str) -> tuple[int, ...]:
    words = text.split(",")
    for word in words:
        if word not in map(str, STATUSES):
            known = ", ".join(map(str, STATUSES))
            raise argparse.ArgumentTypeError(f"'{word}' is not a status to rehearse; write some of {known}, as 429,503")
    return tuple(map(int, words))


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= _LONGEST_DELAY:
            return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a delay; write seconds from 0 to {_LONGEST_DELAY}")


def run(arguments: argparse.Namespace) -> int:
    """Start all parts, print their addresses, and wait for Ctrl-C or SIGTERM."""
    console = Console(stderr=True)
    with owned_folder(_PACKED) as packed:  # its own, since another run may pack a model of the same name
        _run(arguments, console, packed)
    console.print("stopped")
    return 0


def _run(arguments: argparse.Namespace, console: Console, packed: Path) -> None:
    given, local_model_data = model_data.stand_in(model_parameters(arguments, packed))
    cameras = seeding.read(arguments.cameras) if arguments.cameras else []
    stack = render(synthesize(), LOCAL_DEFAULTS | (_WITH_CAMERAS if cameras else {}) | given, arguments.region)
    if cameras and not Tables.of(stack):
        raise CameraError(
            f"apiAuthorization={given['apiAuthorization']} knows no cameras; name CAMERA or CAMERA_IAM, or leave out "
            "--cameras"
        )
    names = (stack.function.environment[name] for name in ("APPLICATION_TYPE", "MODEL_NAME"))
    served = " with ".join(dict.fromkeys(names))  # a program without a name is "custom", too
    if console.is_terminal:  # in a log a failure is one line
        console.print(f"starting {served}", highlight=False, soft_wrap=True)
    with (
        service.log_folder(arguments.logs) as logs,
        service.running(
            stack,
            port=arguments.port,
            model_store=arguments.store,
            logs=logs,
            local_model_data=local_model_data,
            rehearsal=Rehearsal(arguments.fail, arguments.delay),
        ) as running,
    ):
        _tell(running)
        if running.tables:
            _tell_of_cameras(running, running.tables, cameras, region=arguments.region, logs=logs)
        if stack.shadow_model:
            console.print(
                f"the shadow {stack.shadow_model} does not run here: no request is mirrored, and answers are the same",
                highlight=False,
                soft_wrap=True,
            )
        console.print(f"serving {served}; logs in {logs}; Ctrl-C stops it", highlight=False, soft_wrap=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                running.check()
                time.sleep(_CHECK_SECONDS)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # stopping takes a moment, and a second signal must not interrupt it


def _tell(running: LocalService) -> None:
    """Print the addresses, and what callers prove themselves with."""
    print(f"API {running.api_url}", flush=True)
    print(f"Events s3://{running.events.bucket} at {running.events.url}", flush=True)
    if uploads := running.uploads:
        if uploads.url:
            print(f"Upload {uploads.url}/incoming/camera=ID/NAME", flush=True)
        queues = f"--queue-url {uploads.queue_url} --dead-letter-queue-url {uploads.dead_letter_queue_url}"
        print(f"Replay {queues}", flush=True)
    if running.api_key:
        print(f"Key {running.api_key}", flush=True)
    if signer := running.credentials:
        secret = f"AWS_SECRET_ACCESS_KEY={signer.secret_access_key} AWS_DEFAULT_REGION={signer.region}"
        print(f"Sign AWS_ACCESS_KEY_ID={signer.access_key_id} {secret}", flush=True)
        print(f"Principal {signer.principal}", flush=True)
    print(f"Push {running.push_url}", flush=True)


def _tell_of_cameras(running: LocalService, tables: Tables, rows: list[Row], *, region: str, logs: Path) -> None:
    """Make the cameras of the file, and print the first ones' keys and where the registry is."""
    url = running.events.url
    where = Asked(region=region, endpoint_url=url, registry_table=tables.registry, states_table=tables.states)
    if rows:
        seeded = seeding.seed(place.find(where).registry, rows, logs)
        for line in seeded.lines:
            print(line, flush=True)
        print(f"Keys {seeded.secrets}", flush=True)
    named = ("--registry-table", tables.registry, "--states-table", tables.states, "--push-url", running.push_url)
    listed = typed.command("camera", "list", "--endpoint-url", url, "--region", region, *named)
    print(f"Registry {listed}", flush=True)


def model_parameters(arguments: argparse.Namespace, packed: Path = packed_model.PACKAGES) -> dict[str, str]:
    """Parameters given, with those of the model, which is packed where it is the operator's own.

    Args:
        arguments: those of the verb.
        packed: folder of the archive, unless the arguments name its file.

    Raises:
        ParameterError: there is no such parameter, or it has two values.
        PackageError: the model cannot be packed, or does not run here.
    """
    given = model_to_deploy.with_short_forms(parameters.named(arguments.parameters), arguments)
    model = model_to_deploy.chosen(arguments, given, store=arguments.store, is_in_image=False, folder=packed)
    if model is None:
        return given
    model_to_deploy.refuse_another_application(arguments.model, model, given)
    model_to_deploy.refuse_another_name(model, given)
    if not isinstance(model, PackedModel):
        return {**model.model_parameters, **given}
    plain_words.tell(model.recognised)
    if model.layout.table is not None:
        print("\n".join(tables_in_words.lines(model.layout.table)), file=sys.stderr)
    if not model.layout.served_by_our_image and "containerImageUri" not in given:
        raise PackageError(
            f"the serving program has no {model.layout.framework}; name its image with --parameters "
            "containerImageUri=IMAGE, or deploy it"
        )
    return {**model.model_parameters, model_data.PARAMETER: str(model.archive), **given}
