"""Deploy the stack into your account, with parameters that are checked before anything reaches AWS."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import cdk_command, deployment_target, parameters, places
from workbench.account import Account, DeployedStack
from workbench.deployment_target import DeploymentTarget
from workbench.errors import AccountError
from workbench.rendered_stack import synthesize
from workbench.resource_changes import ResourceChange, rendered_resources, resource_changes

_ANY_REGION = "us-east-1"


@dataclass(frozen=True)
class DeploymentPlan:
    """What a deployment will do.

    Attributes:
        stack: the stack's name.
        region: the region, where one is chosen.
        state: what is there now, in words.
        values: every parameter's value after the deployment.
        before: every parameter's value before; of a new stack the defaults.
        resources: what changes; empty unless it was asked for.
        command: the words after ``cdk``.
    """

    stack: str
    region: str | None
    state: str
    values: Mapping[str, str]
    before: Mapping[str, str]
    resources: tuple[ResourceChange, ...]
    command: tuple[str, ...]

    @property
    def changes(self) -> dict[str, tuple[str | None, str]]:
        """Old and new value of the parameters that change; None stands for a parameter that is new to the stack."""
        return {
            name: (self.before.get(name), value)
            for name, value in self.values.items()
            if self.before.get(name) != value
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parameters.add_argument(parser)
    deployment_target.add_arguments(parser)
    parser.add_argument(
        "--require-approval",
        choices=("never", "any-change", "broadening", "destructive"),
        help="which changes to ask about (default: broadening of permissions)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    parser.add_argument("--json", action="store_true", help="print the outputs, or the plan of a dry run, as JSON")


def run(
    arguments: argparse.Namespace,
    *,
    cdk: Path = places.CDK,
    synthesized: Callable[[Mapping[str, str]], dict[str, Any]] = synthesize,
) -> int:
    """Checks, shows what changes, lets the CDK deploy, and says where the API is."""
    given = parameters.parse(arguments.parameters)
    target = deployment_target.chosen(arguments)
    template = synthesized(target.context)
    parameters.check_each(template, given)
    command = cdk_command.deploy(
        parameters=given,
        context=target.context,
        region=target.region,
        profile=target.profile,
        require_approval=arguments.require_approval,
    )
    if arguments.dry_run:
        plan = _dry_plan(template, given, target, command)
        print(json.dumps(_as_document(plan), indent=2) if arguments.json else _as_text(plan))
        return 0
    account = Account(profile=target.profile, region=target.region)
    deployed = _running_stack(account, target.stack)
    plan = _plan(template, given, target, command, deployed=deployed, region=account.region)
    _require_bootstrap(account, template)
    print(_as_text(plan, only_changes=True), file=sys.stderr if arguments.json else sys.stdout, flush=True)
    code = cdk_command.run(command, cdk=cdk, spare_stdout=arguments.json)
    if code:
        return code
    finished = account.stack(target.stack)
    if finished is not None:
        _print_outputs(finished, account, target, as_json=arguments.json)
    return 0


def _running_stack(account: Account, name: str) -> DeployedStack | None:
    stack = account.stack(name)
    return stack if stack is not None and stack.has_run else None


def _require_bootstrap(account: Account, template: Mapping[str, Any]) -> None:
    version = template["Parameters"].get("BootstrapVersion")
    if version is not None:
        account.require_bootstrap(version["Default"])


def _dry_plan(
    template: Mapping[str, Any], given: dict[str, str], target: DeploymentTarget, command: list[str]
) -> DeploymentPlan:
    """The plan with the resources that change; without AWS, that of a new stack."""
    account, deployed, unknown = None, None, None
    try:
        account = Account(profile=target.profile, region=target.region)
        deployed = _running_stack(account, target.stack)
        was = (
            rendered_resources(account.template(target.stack), deployed.parameters, account.region) if deployed else {}
        )
    except AccountError as error:
        was, unknown = {}, f"shown as new, because {error}"
    region = account.region if account else target.region
    plan = _plan(template, given, target, command, deployed=deployed, region=region, unknown=unknown)
    will_be = rendered_resources(template, plan.values, region or _ANY_REGION)
    return dataclasses.replace(plan, resources=tuple(resource_changes(was, will_be)))


def _plan(
    template: Mapping[str, Any],
    given: dict[str, str],
    target: DeploymentTarget,
    command: list[str],
    *,
    deployed: DeployedStack | None,
    region: str | None,
    unknown: str | None = None,
) -> DeploymentPlan:
    """What the parameters lead to, checked together with those that the stack keeps.

    Raises:
        ParameterError: the stack's present values do not go with those given.
    """
    declared = parameters.declared_parameters(template)
    kept = {name: value for name, value in deployed.parameters.items() if name in declared} if deployed else {}
    defaults = {name: str(entry["Default"]) for name, entry in declared.items() if "Default" in entry}
    return DeploymentPlan(
        stack=target.stack,
        region=region,
        state=f"exists ({deployed.status})" if deployed else unknown or "is new",
        values=parameters.check(template, kept | given),
        before=kept if deployed else defaults,
        resources=(),
        command=tuple(command),
    )


def _as_document(plan: DeploymentPlan) -> dict[str, Any]:
    return {
        "stack": plan.stack,
        "region": plan.region,
        "state": plan.state,
        "parameters": dict(plan.values),
        "changes": {name: {"before": old, "after": new} for name, (old, new) in plan.changes.items()},
        "resources": [dataclasses.asdict(change) for change in plan.resources],
        "command": cdk_command.as_typed(plan.command),
    }


def _as_text(plan: DeploymentPlan, *, only_changes: bool = False) -> str:
    lines = [f"stack {plan.stack}{f' in {plan.region}' if plan.region else ''}: {plan.state}", "parameters:"]
    shown = plan.changes if only_changes else plan.values
    width = max(map(len, shown), default=0)
    for name in shown:
        value = plan.values[name] or "''"
        if name in plan.changes:
            old = plan.before.get(name)
            value = f"{'(not there yet)' if old is None else old or repr('')} -> {value}"
        lines.append(f"  {name:{width}}  {value}")
    if not shown:
        lines.append("  none changes")
    if not only_changes:
        lines += _resource_lines(plan.resources)
    return "\n".join([*lines, "command:", f"  {cdk_command.as_typed(plan.command)}"])


def _resource_lines(changes: tuple[ResourceChange, ...]) -> list[str]:
    """Resources that are added by their type, others one by one."""
    lines = ["resources:"]
    added = Counter(change.kind for change in changes if change.change == "added")
    lines += [f"  added    {count} x {kind}" for kind, count in sorted(added.items())]
    lines += [
        f"  {change.change:8} {change.kind} {change.logical_id} {', '.join(change.properties)}".rstrip()
        for change in changes
        if change.change != "added"
    ]
    return lines if changes else [*lines, "  none changes"]


def _print_outputs(stack: DeployedStack, account: Account, target: DeploymentTarget, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"stack": stack.name, "region": account.region, "outputs": dict(stack.outputs)}, indent=2))
        return
    print(f"API       {stack.outputs.get('ApiUrl', '')}")
    if "ApiKeyId" in stack.outputs:
        words = ["aws", "apigateway", "get-api-key", "--include-value", "--query", "value", "--output", "text"]
        words += ["--region", account.region, *(["--profile", target.profile] if target.profile else [])]
        print(f"API key   {stack.outputs['ApiKeyId']}, and its value by:")
        print(f"  {shlex.join([*words, '--api-key', stack.outputs['ApiKeyId']])}")
    print(f"endpoint  {stack.outputs.get('EndpointName', '')}")
    print(f"events    {stack.outputs.get('EventsBucket', '')}", flush=True)
