"""Remove the stack from your account, after saying what goes and what stays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import places
from workbench.deployment import cdk_command, deployment_target
from workbench.deployment.account import Account
from workbench.errors import WorkbenchError

_KEPT = frozenset({"Retain", "RetainExceptOnCreate"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    deployment_target.add_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace, *, cdk: Path = places.CDK) -> int:
    """List the resources that stay, ask for confirmation, and have the CDK remove the rest."""
    target = deployment_target.chosen(arguments)
    account = Account(profile=target.profile, region=target.region)
    if account.stack(target.stack) is None:
        raise WorkbenchError(f"there is no stack {target.stack} in {account.region}; name it with --stack")
    names = account.physical_names(target.stack)
    kept = _kept(account.template(target.stack), names)
    print(f"stack {target.stack} in {account.region}: {len(names) - len(kept)} resources will be deleted")
    print("these stay, and may cost money:")
    for logical_id, kind in kept.items():
        print(f"  {kind} {names[logical_id]}")
    print("  the images in the registry of the CDK bootstrap, and the archives in its bucket", flush=True)
    if not arguments.yes and not _is_confirmed(target.stack):
        print("nothing was deleted")
        return 1
    return cdk_command.run(
        cdk_command.destroy(context=target.context, region=target.region, profile=target.profile), cdk=cdk
    )


def _kept(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return the types of the resources that outlive the stack, by logical id."""
    return {
        logical_id: resource["Type"]
        for logical_id, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") in _KEPT and logical_id in names
    }


def _is_confirmed(stack: str) -> bool:
    """Ask for the stack's name as confirmation.

    Raises:
        WorkbenchError: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise WorkbenchError("standard input is no terminal to ask on; add --yes")
    return input(f"type {stack} to delete it: ").strip() == stack
