"""Compile a model with SageMaker Neo: a job in your account, and its result as a model folder."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from workbench import places, regions
from workbench.compilers.neo import job as neo_job
from workbench.compilers.neo import result as neo_result
from workbench.compilers.neo import shape as neo_shape
from workbench.compilers.neo import source as neo_source
from workbench.compilers.neo import target as neo_target
from workbench.compilers.neo.shape import Shape
from workbench.compilers.neo.source import Declared, Source
from workbench.compilers.neo.target import Target
from workbench.deployment.account import Account
from workbench.errors import NeoError
from workbench.recognition import plain_words

_ROLE_IN_A_DRY_RUN = "ROLE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``--target neo``."""
    parser.set_defaults(recognised=[])
    group = parser.add_argument_group("SageMaker Neo")
    neo_target.add_arguments(group)
    group.add_argument("--framework-version", metavar="V", help="version of the framework that saved the model")
    group.add_argument("--role", metavar="ARN", help="role that SageMaker takes on to read and write the bucket")
    group.add_argument(
        "--wait", action=argparse.BooleanOptionalAction, default=True, help="wait for the job, and fetch its result"
    )
    group.add_argument("--job", metavar="NAME", help="a job that was started before: wait for it, fetch its result")
    group.add_argument("--into", type=Path, metavar="DIR", help="folder of the result (default: out/neo/MODEL-TARGET)")
    group.add_argument(
        "--region", type=regions.argument, help="region (default: that of the profile or the environment)"
    )
    group.add_argument("--profile", help="profile of the AWS configuration")


def run(
    arguments: argparse.Namespace,
    *,
    store: Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Check that Neo takes the model, start the job, wait for it, and unpack its result."""
    account = Account(profile=arguments.profile, region=arguments.region)
    output = neo_job.place(arguments.output)
    target = neo_target.chosen(arguments, account.client("sagemaker").meta.service_model)
    source = neo_source.find(arguments.model, store=store or arguments.store, application=arguments.application)
    declared = source.examined(version=arguments.framework_version, for_instance=target.is_instance)
    input_name, shape = neo_shape.chosen(arguments.input_shape, model=source.model, declared=declared)
    plain_words.tell(arguments.recognised)
    name = arguments.job or neo_job.new_name(source.name, target.label)
    where = output.below(name)
    asked = neo_job.request(
        name,
        role=_role(arguments),
        where=where,
        framework={"Framework": source.framework, **source.version_to_send(arguments.framework_version)},
        data_input=json.dumps({input_name: list(shape)}),
        output_config=target.output_config,
    )
    if arguments.dry_run:
        packed = [path.name for path in source.files]
        print(json.dumps({"archive": packed, "create_compilation_job": asked}, indent=2))
        return 0
    console = Console(stderr=True)
    if not arguments.job:
        with tempfile.NamedTemporaryFile(suffix=".tar.gz") as archive:
            neo_job.pack(source.files, Path(archive.name))
            neo_job.start(account, asked, Path(archive.name), where, console)
        print(f"started {name}; it goes on by itself, and --job {name} takes it up again", flush=True)
    if not arguments.wait:
        return 0
    described = neo_job.wait(account, name, console, sleep=sleep)
    folder = arguments.into or places.OUTPUT / "neo" / f"{source.name}-{target.label}"
    return _keep(account, described, folder, source, declared, target, shape)


def _keep(
    account: Account,
    described: dict[str, Any],
    folder: Path,
    source: Source,
    declared: Declared,
    target: Target,
    shape: Shape,
) -> int:
    with tempfile.NamedTemporaryFile(suffix=".tar.gz") as archive:
        neo_job.fetch(account, described, Path(archive.name))
        runs_here = neo_result.unpack(
            Path(archive.name),
            folder,
            model=source.model,
            application=source.application,
            shape=shape,
            device=target.device,
            outputs=declared.outputs,
        )
    print(f"compiled: {folder}")
    if runs_here:
        print(f"serve it with the engine dlr: modelDataUrl is this folder, and the model's name {source.name}")
    else:
        image = described.get("InferenceImage") or "named by SageMaker's documentation"
        print(f"not for our container's engine dlr; Neo's own image for it is {image}")
    return 0


def _role(arguments: argparse.Namespace) -> str:
    """ARN of the role; a job that exists already has its own."""
    if arguments.role:
        return str(arguments.role)
    if arguments.dry_run or arguments.job:
        return _ROLE_IN_A_DRY_RUN
    raise NeoError(
        "a job works with a role; name one with --role that SageMaker may take on and that may use the bucket"
    )
