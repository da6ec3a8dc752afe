"""Template of the stack: synthesized, and rendered for given parameters as by CloudFormation."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloud_radar.cf.unit._template import Template, add_metadata

from workbench import places, steps, typed
from workbench.errors import SynthesisError
from workbench.template import process_group

_STACK_NAME = "ipc-ai-saas"
_STACK_GUID = "00000000-0000-4000-8000-000000000000"
_URL_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
_OF_TOOLS = re.compile(r"b'|.*: Subprocess exited with error")
"""Lines around the app's own: jsii's warning about versions of Node.js, and the command line's last word."""


def synthesize(context: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Synthesize the template by ``cdk synth``, without copying any asset.

    Args:
        context: values of the CDK's context, as ``--context NAME=VALUE`` gives them.

    Raises:
        SynthesisError: it failed; the message has its last lines.
    """
    if not places.CDK.is_file():
        raise SynthesisError(f"the CDK command line is not installed; run '{typed.in_repository('make', 'install')}'")
    named = [f"--context={name}={value}" for name, value in (context or {}).items()]
    with tempfile.TemporaryDirectory(prefix="ipc-synth-", ignore_cleanup_errors=True) as folder:
        output = Path(folder, "out")
        with steps.waiting("synthesizing the stack; the first time takes a minute or two"):
            finished = process_group.run(
                [str(places.CDK), "synth", "--quiet", "--no-staging", "--output", str(output), *named],
                directory=places.REPOSITORY,
                environment={**os.environ, "TMPDIR": folder},  # jsii leaves its folder there when it is ended
            )
        if finished.returncode:
            said = [line for line in finished.stderr.splitlines() if line.strip() and not _OF_TOOLS.match(line)]
            raise SynthesisError(f"cdk synth failed: {' | '.join(said[-3:])}")
        (template,) = output.glob("*.template.json")
        document: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
        return document


def partition_of(region: str) -> str:
    """Partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def stand_in_account() -> str:
    """Account id in rendered templates, in place of the operator's."""
    return str(Template.AccountId)


def render_template(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> dict[str, Any]:
    """Resolve parameters, conditions and pseudo parameters of the template, to a plain dictionary."""
    Template.Partition = partition_of(region)
    Template.URLSuffix = _URL_SUFFIXES[Template.Partition]
    # cloud-radar's default is empty, but the endpoint's name contains the last part of the id.
    Template.StackId = (
        f"arn:{Template.Partition}:cloudformation:{region}:{Template.AccountId}:stack/local/{_STACK_GUID}"
    )
    Template.StackName = _STACK_NAME
    # cloud-radar removes values equal to this. Its default is the empty string, which properties may have.
    Template.NoValue = "AWS::NoValue"
    with contextlib.redirect_stdout(io.StringIO()):  # cloud-radar 0.17 prints a line about its own hooks
        renderer = Template({})
    # The steps of Template.render, without its round trip through YAML, which takes 20 times as long as they do.
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
    """Remove items of lists without a value; cloud-radar removes only properties, but CloudFormation both."""
    if isinstance(value, dict):
        return {key: _without_novalue_items(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_novalue_items(part) for part in value if part != Template.NoValue]
    return value
