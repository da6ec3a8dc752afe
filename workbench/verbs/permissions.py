"""List who may do what in the stack, as its parameters would have it: what a security review asks first."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench import regions
from workbench.template import parameters
from workbench.template.rendered_template import render_template, stand_in_account, synthesize

_BY_PROPERTY = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}
Resources = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, order=True)
class Grant:
    """Statement of a policy.

    Attributes:
        who: the role, or for a policy of a resource its principals.
        effect: ``Allow`` or ``Deny``.
        actions: its actions.
        resources: its resources; those of the stack by their path in it.
        conditions: its conditions as JSON; empty for none.
        source: the policy that contains it.
    """

    who: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: str
    source: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parameters.add_argument(parser)
    parser.add_argument(
        "--region", type=regions.argument, default="us-east-1", help="a region of the partition (default: %(default)s)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs: one list of statements")
    form.add_argument("--markdown", action="store_true", help="a table for a document")


def run(arguments: argparse.Namespace) -> int:
    """Print the statements of all policies.

    Raises:
        ParameterError: the stack does not take the parameters.
        SynthesisError: the stack could not be synthesized.
    """
    given = parameters.named(arguments.parameters)
    template = synthesize()
    values = parameters.check(template, given)
    found = grants(render_template(template, values, arguments.region)["Resources"])
    if arguments.json:
        print(json.dumps([asdict(grant) for grant in found], indent=2))
    elif arguments.markdown:
        print(markdown(found), end="")
    else:
        _print_table(found)
    return 0


def grants(resources: Resources) -> list[Grant]:
    """Collect all statements of a rendered template, sorted by principal.

    Args:
        resources: the template's resources by logical id, from ``render_template``.
    """
    paths = {logical_id: _path(logical_id, resource) for logical_id, resource in resources.items()}
    paths[stand_in_account()] = "ACCOUNT"
    return sorted(set(_grants(resources, paths)))


def markdown(found: list[Grant]) -> str:
    """Write a Markdown table, a row for each statement."""

    def code(texts: tuple[str, ...]) -> str:
        return "<br>".join(f"`{text}`" for text in texts)

    rows = [
        f"| {'**Deny** ' if grant.effect == 'Deny' else ''}{grant.who} | {code(grant.actions)} "
        f"| {code(grant.resources)} | {code((grant.conditions,)) if grant.conditions else ''} |\n"
        for grant in found
    ]
    return f"| who | what | on what | where |\n| --- | --- | --- | --- |\n{''.join(rows)}"


def _print_table(found: list[Grant]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("who", "effect", "what", "on what", "where", show_lines=True)
    for grant in found:
        table.add_row(grant.who, grant.effect, "\n".join(grant.actions), "\n".join(grant.resources), grant.conditions)
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200).print(table)


def _grants(resources: Resources, paths: Mapping[str, str]) -> Iterator[Grant]:
    for logical_id, resource in resources.items():
        properties = resource.get("Properties", {})
        path = paths[logical_id]
        match resource["Type"]:
            case "AWS::IAM::Role":
                yield from _statements(properties["AssumeRolePolicyDocument"], path, paths, on=path)
                for policy in properties.get("Policies", []):
                    yield from _statements(policy["PolicyDocument"], path, paths, who=path)
            case "AWS::IAM::Policy":
                for role in properties["Roles"]:
                    yield from _statements(properties["PolicyDocument"], path, paths, who=_named(role, paths))
            case "AWS::ApiGateway::RestApi" if "Policy" in properties:
                yield from _statements(properties["Policy"], path, paths)
            case "AWS::Lambda::Permission":
                conditions = {"SourceArn": properties["SourceArn"]} if "SourceArn" in properties else {}
                yield Grant(
                    properties["Principal"],
                    "Allow",
                    (properties["Action"],),
                    (_named(properties["FunctionName"], paths),),
                    _named(json.dumps(conditions), paths) if conditions else "",
                    path,
                )
            case kind if kind in _BY_PROPERTY:
                yield from _statements(properties["PolicyDocument"], path, paths)


def _statements(
    document: Mapping[str, Any], source: str, paths: Mapping[str, str], *, who: str = "", on: str = ""
) -> Iterator[Grant]:
    for statement in _list(document["Statement"]):
        conditions = statement.get("Condition")
        yield Grant(
            who or ", ".join(_principals(statement.get("Principal", "*"), paths)),
            statement["Effect"],
            tuple(sorted(_list(statement["Action"]))),
            tuple(sorted(_named(str(resource), paths) for resource in _list(statement.get("Resource", on)))),
            _named(json.dumps(conditions, sort_keys=True), paths) if conditions else "",
            source,
        )


def _principals(principal: Any, paths: Mapping[str, str]) -> Iterator[str]:
    if isinstance(principal, str):
        yield "everyone" if principal == "*" else principal
        return
    for named in principal.values():
        for one in _list(named):
            yield "everyone" if one == "*" else _named(one, paths)


def _path(logical_id: str, resource: Mapping[str, Any]) -> str:
    """Path of the resource in the stack, without the stack's name and the CDK's suffix for the resource itself."""
    path = str(resource.get("Metadata", {}).get("aws:cdk:path", logical_id))
    return path.partition("/")[2].removesuffix("/Resource") or path


def _named(text: str, paths: Mapping[str, str]) -> str:
    """Replace ``LogicalId`` and ``LogicalId.Arn`` in a text by paths."""

    def path(found: re.Match[str]) -> str:
        return paths.get(found[1], found[0])

    return re.sub(r"\b([A-Za-z0-9]{8,})(?:\.Arn\b)?", path, text)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
