"""The stack's template: synthesized, and rendered for given parameters as CloudFormation would."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloud_radar.cf.unit._template import Template, add_metadata

from workbench import places
from workbench.errors import SynthesisError

_STACK_GUID = "00000000-0000-4000-8000-000000000000"
_URL_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def synthesize(context: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The template that ``cdk synth`` writes, without copying any asset.

    Args:
        context: values of the CDK's context, as ``--context NAME=VALUE`` gives them.

    Raises:
        SynthesisError: it failed; the message is the last thing that it said.
    """
    command = places.REPOSITORY / "node_modules" / ".bin" / "cdk"
    if not command.is_file():
        raise SynthesisError("the CDK command line is not installed; run 'make install'")
    named = [f"--context={name}={value}" for name, value in (context or {}).items()]
    with tempfile.TemporaryDirectory(prefix="ipc-synth-") as output:
        finished = subprocess.run(
            [str(command), "synth", "--quiet", "--no-staging", "--output", output, *named],
            cwd=places.REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            said = [line for line in finished.stderr.splitlines() if line.strip()]
            raise SynthesisError(f"cdk synth failed: {' | '.join(said[-3:])}")
        (template,) = Path(output).glob("*.template.json")
        document: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
        return document


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def stand_in_account() -> str:
    """The account id that stands in rendered templates for the operator's."""
    return str(Template.AccountId)


def render_template(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> dict[str, Any]:
    """The template with parameters, conditions and pseudo parameters resolved, as a plain dictionary."""
    Template.Partition = partition_of(region)
    Template.URLSuffix = _URL_SUFFIXES[Template.Partition]
    # cloud-radar's default is empty; the endpoint's name has the last part of it.
    Template.StackId = (
        f"arn:{Template.Partition}:cloudformation:{region}:{Template.AccountId}:stack/local/{_STACK_GUID}"
    )
    # cloud-radar removes what equals this; its default, the empty string, is a value that properties may have.
    Template.NoValue = "AWS::NoValue"
    with contextlib.redirect_stdout(io.StringIO()):  # cloud-radar 0.17 prints a line about its own hooks
        renderer = Template({})
    # The steps of Template.render, which first writes and reads the template as YAML: 20 times their own duration.
    renderer.template = copy.deepcopy(dict(template))
    renderer.Region = region
    renderer.set_parameters(dict(values))
    add_metadata(renderer.template, region)
    rendered = renderer.render_all_sections(renderer.template)
    renderer.template = rendered
    rendered = renderer.remove_conditional_resources(rendered)
    result: dict[str, Any] = _without_novalue_items(renderer.remove_novalue_properties(rendered))
    return result


def _without_novalue_items(value: Any) -> Any:
    """cloud-radar removes properties without a value and leaves such items of lists; CloudFormation removes both."""
    if isinstance(value, dict):
        return {key: _without_novalue_items(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_novalue_items(part) for part in value if part != Template.NoValue]
    return value
