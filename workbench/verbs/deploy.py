"""Deploy the stack, and with it a model, into your account; all is checked before anything reaches AWS."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stacks.context import BUILT_IMAGE
from workbench import places
from workbench.deployment import (
    built_image,
    cdk_command,
    deployment_target,
    endpoint_log,
    model_to_deploy,
    model_upload,
    readiness,
)
from workbench.deployment.account import Account, DeployedStack
from workbench.deployment.deployment_plan import DeploymentPlan, as_document, as_text
from workbench.deployment.deployment_target import DeploymentTarget
from workbench.deployment.model_to_deploy import NamedModel
from workbench.deployment.resource_changes import rendered_resources, resource_changes
from workbench.errors import AccountError, ImageError
from workbench.images import image_registry
from workbench.packing import packed_model
from workbench.packing.packed_model import PackedModel
from workbench.packing.packing_report import trial_lines
from workbench.template import parameters
from workbench.template.rendered_template import synthesize

_ANY_REGION = "us-east-1"
_LOG_LINES = 30
_ANY_CPU_INSTANCE = "ml.m5.xlarge"  # a serverless endpoint has a CPU, whatever deployInstanceType says


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    model_to_deploy.add_arguments(parser)
    parameters.add_argument(parser)
    deployment_target.add_arguments(parser)
    parser.add_argument(
        "--require-approval",
        choices=("never", "any-change", "broadening", "destructive"),
        help="which changes to ask about (default: broadening of permissions)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be done; at most pack the model")
    parser.add_argument("--json", action="store_true", help="print the outputs, or the plan of a dry run, as JSON")


def run(
    arguments: argparse.Namespace,
    *,
    cdk: Path = places.CDK,
    synthesized: Callable[[Mapping[str, str]], dict[str, Any]] = synthesize,
) -> int:
    """Check, show the changes, try and upload the model, have the CDK deploy, and print the API's URL."""
    given = model_to_deploy.with_short_forms(parameters.named(arguments.parameters), arguments)
    target = deployment_target.chosen(arguments)
    model_to_deploy.require_known(arguments, given)
    template = synthesized(target.context)
    parameters.check_each(template, given)
    model = model_to_deploy.chosen(arguments, given, is_in_image="models" not in target.context)
    if arguments.dry_run:
        plan, notes = _dry_plan(template, given, target, model, arguments)
        print(json.dumps(as_document(plan), indent=2) if arguments.json else as_text(plan))
        print("\n".join(notes), file=sys.stderr, end="\n" * bool(notes))
        return 0
    account = Account(profile=target.profile, region=target.region)
    deployed = _running_stack(account, target.stack)
    plan = _plan(template, given, target, model, arguments, account=account, deployed=deployed)
    _require_bootstrap(account, template)
    notes = _checked(plan, account, is_new=deployed is None)
    out = sys.stderr if arguments.json else sys.stdout
    print("\n".join([as_text(plan, only_changes=True), *notes]), file=out, flush=True)
    if plan.packed is not None:
        print(_supplied(plan.packed, plan.values, account, arguments), file=out, flush=True)
    code = cdk_command.run(plan.command, cdk=cdk, spare_stdout=arguments.json)
    if code:
        _print_end_of_log(account, target.stack)
        return code
    finished = account.stack(target.stack)
    if finished is not None:
        _print_outputs(finished, account, as_json=arguments.json)
    return 0


def _supplied(packed: PackedModel, values: Mapping[str, str], account: Account, arguments: argparse.Namespace) -> str:
    """Try the archive here, upload it to S3, and return the report lines of both."""
    url = values["modelDataUrl"]
    tried = trial_lines(packed_model.tried(packed, arguments, image=values["containerImageUri"]))
    uploaded = model_upload.upload(account.client("s3"), packed.archive, url)
    return "\n".join([*tried, f"{'uploaded    ' if uploaded else 'there       '}{url}"])


def _running_stack(account: Account, name: str) -> DeployedStack | None:
    stack = account.stack(name)
    return stack if stack is not None and stack.has_run else None


def _require_bootstrap(account: Account, template: Mapping[str, Any]) -> None:
    version = template["Parameters"].get("BootstrapVersion")
    if version is not None:
        account.require_bootstrap(version["Default"])


def _dry_plan(
    template: Mapping[str, Any],
    given: dict[str, str],
    target: DeploymentTarget,
    model: NamedModel | PackedModel | None,
    arguments: argparse.Namespace,
) -> tuple[DeploymentPlan, list[str]]:
    """Make the plan with the changes of resources, and notes on the account; without AWS, the plan of a new stack."""
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
    plan = _plan(
        template,
        given,
        target,
        model,
        arguments,
        account=None if unknown else account,
        deployed=deployed,
        unknown=unknown,
    )
    plan = dataclasses.replace(plan, region=region)
    notes = []
    if account and not unknown:
        try:
            notes = _checked(plan, account, is_new=deployed is None)
        except (AccountError, ImageError) as error:  # the plan is worth more than a refusal
            notes = [f"refused     {error}"]
    will_be = rendered_resources(template, plan.values, region or _ANY_REGION)
    return dataclasses.replace(plan, resources=tuple(resource_changes(was, will_be))), notes


def _plan(
    template: Mapping[str, Any],
    given: dict[str, str],
    target: DeploymentTarget,
    model: NamedModel | PackedModel | None,
    arguments: argparse.Namespace,
    *,
    account: Account | None,
    deployed: DeployedStack | None,
    unknown: str | None = None,
) -> DeploymentPlan:
    """Make the plan for the parameters and the model, checked together with the values that the stack keeps.

    Raises:
        ParameterError: the stack's present values conflict with those given, or a value with the region.
        PackageError: the model conflicts with them.
    """
    declared = parameters.declared_parameters(template)
    kept = {name: value for name, value in deployed.parameters.items() if name in declared} if deployed else {}
    defaults = {name: str(entry["Default"]) for name, entry in declared.items() if "Default" in entry}
    region = account.region if account else target.region
    if model is not None:
        values = defaults | kept | given
        is_serverless = values.get("endpointType") == "serverless"
        given = model_to_deploy.stack_parameters(
            model,
            arguments,
            given,
            account=account,
            region=region or _ANY_REGION,
            instance_type=_ANY_CPU_INSTANCE if is_serverless else values["deployInstanceType"],
        )
    checked = parameters.check(template, kept | given)
    if region:
        readiness.check_regions(checked, region)
    image = built_image.chosen(template, checked, region or _ANY_REGION)
    command = cdk_command.deploy(
        parameters=given,
        context={BUILT_IMAGE: image} | target.context,
        region=target.region,
        profile=target.profile,
        require_approval=arguments.require_approval,
    )
    return DeploymentPlan(
        stack=target.stack,
        region=region,
        state=f"exists ({deployed.status})" if deployed else unknown or "is new",
        values=checked,
        before=kept if deployed else defaults,
        resources=(),
        command=tuple(command),
        packed=model if isinstance(model, PackedModel) else None,
    )


def _checked(plan: DeploymentPlan, account: Account, *, is_new: bool) -> list[str]:
    """Check that the account is ready for the plan, and return lines about the rest.

    Raises:
        AccountError: the account lacks something.
        ImageError: SageMaker refuses the format of the image that the operator names.
    """
    with contextlib.suppress(AccountError):  # another account may permit to pull an image, and not to describe it
        if stored := image_registry.stored_image(account, uri := plan.values["containerImageUri"]):
            stored.require_docker_format(uri)
    changed = plan.values.keys() if is_new else plan.changes.keys()
    return [f"note        {note}" for note in readiness.check_account(account, plan.values, changed=changed)]


def _print_end_of_log(account: Account, name: str) -> None:
    """Print why the container did not start, where it had begun to say so."""
    with contextlib.suppress(AccountError):  # the CDK has said more than that
        stack = account.stack(name)
        if stack is None or not stack.has_failed:
            return
        for group, lines in endpoint_log.last_lines(account.client("logs"), stack.guid, count=_LOG_LINES).items():
            print("\n".join([f"the end of the log {group}:", *(f"  {line}" for line in lines)]), file=sys.stderr)


def _print_outputs(stack: DeployedStack, account: Account, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"stack": stack.name, "region": account.region, "outputs": dict(stack.outputs)}, indent=2))
        return
    print(f"API       {stack.outputs.get('ApiUrl', '')}")
    if "ApiKeyId" in stack.outputs:
        key = stack.outputs["ApiKeyId"]
        words = ["apigateway", "get-api-key", "--include-value", "--query", "value", "--output", "text"]
        print(f"API key   {key}, and its value by:")
        print(f"  {account.aws_command(*words)} --api-key {key}")
    print(f"endpoint  {stack.outputs.get('EndpointName', '')}")
    print(f"events    {stack.outputs.get('EventsBucket', '')}", flush=True)
