"""Stack that ``deploy`` and ``destroy`` act on: its name, context, account and region."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

from workbench import places, regions
from workbench.errors import WorkbenchError

_STACK_NAME = "stackName"


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
        WorkbenchError: a word of ``--context`` without ``=``, or two names of the stack.
    """
    for word in arguments.context:
        if "=" not in word:
            raise WorkbenchError(f"'{word}' is not NAME=VALUE; write for example --context deleteEvents=true")
    context = dict(word.split("=", 1) for word in arguments.context)
    if arguments.stack and context.setdefault(_STACK_NAME, arguments.stack) != arguments.stack:
        raise WorkbenchError(f"--stack and --context {_STACK_NAME} name two stacks; leave one of them out")
    return DeploymentTarget(
        stack=context.get(_STACK_NAME) or _configured_name(),
        context=context,
        region=arguments.region,
        profile=arguments.profile,
    )


def _configured_name() -> str:
    configuration = json.loads((places.REPOSITORY / "cdk.json").read_text(encoding="utf-8"))
    return str(configuration["context"][_STACK_NAME])
