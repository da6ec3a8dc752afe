"""Stack that ``deploy`` and ``destroy`` act on: its name, context, account and region."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import botocore.session

from ipc_ai_catalogue import nearest
from stacks.context import (
    BUILT_IMAGE,
    MODELS,
    STACK_NAME,
    built_image,
    require_known,
    require_models_of_catalogue,
    stack_name,
)
from stacks.errors import ContextValueError
from workbench import named_values, places, regions
from workbench.errors import AccountError, WorkbenchError


@dataclass(frozen=True)
class DeploymentTarget:
    """Name of a stack, its context for the CDK, and the region and profile where they are named."""

    stack: str
    context: dict[str, str]
    region: str | None
    profile: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose the stack."""
    parser.add_argument("--stack", metavar="NAME", help="name of the stack (default: that of cdk.json)")
    parser.add_argument(
        "--context",
        metavar="NAME=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="values of the CDK's context, as for cdk deploy",
    )
    parser.add_argument(
        "--region", type=regions.argument, help="region (default: that of the profile or the environment)"
    )
    parser.add_argument("--profile", help="profile of the AWS configuration")


def chosen(arguments: argparse.Namespace) -> DeploymentTarget:
    """Read the target from the arguments.

    Raises:
        WorkbenchError: a word of ``--context`` without ``=``, a name or value that no stack takes, a name with two
            values, or a profile that is not there.
    """
    context = named_values.parse(arguments.context, example="--context deleteEvents=true")
    if arguments.stack and context.setdefault(STACK_NAME, arguments.stack) != arguments.stack:
        raise WorkbenchError(f"--stack and --context {STACK_NAME} name two stacks; leave one of them out")
    _require_profile(arguments.profile)
    try:
        require_known(context)
        require_models_of_catalogue(context.get(MODELS))
        stack_name(context.get(STACK_NAME))
        built_image(context.get(BUILT_IMAGE))
    except ContextValueError as error:
        raise WorkbenchError(str(error)) from error
    return DeploymentTarget(
        stack=context.get(STACK_NAME) or _configured_name(),
        context=context,
        region=arguments.region,
        profile=arguments.profile,
    )


def _require_profile(name: str | None) -> None:
    """Check a profile that is named, because a dry run goes on without an account."""
    known = botocore.session.Session().available_profiles
    if name is not None and name not in known:
        raise AccountError(
            f"there is no AWS profile '{name}'{nearest(name, known)}; name one of your AWS configuration"
        )


def _configured_name() -> str:
    configuration = json.loads((places.REPOSITORY / "cdk.json").read_text(encoding="utf-8"))
    return str(configuration["context"][STACK_NAME])
