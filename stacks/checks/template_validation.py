"""CloudFormation's rules over the template at every synth; findings of a known template come from a cache.

The CDK's own plugin compiles its rules anew at each synth, which takes longer than all the rest of it. Its findings
depend on the template, its account and region, and the CDK's version, which are the key of the cache. Acknowledgements
(``stacks.checks.acknowledgements``) are applied at each synth.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import (
    App,
    CloudFormationValidatePlugin,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)

from stacks.places import CACHE

_CACHE = CACHE / "validation"
# Acknowledgements and the report refer to the plugin by this name.
_NAME = "CloudFormation Validate"
_VIOLATION = ("rule_name", "description", "severity", "fix", "rule_metadata")
_RESOURCE = ("construct_path", "locations", "resource_logical_id")


def validating_app() -> App:
    """An app whose synth fails on unacknowledged findings of CloudFormation's rules."""
    app = App(builtin_cloud_formation_validation=False)
    Validations.of(app).add_plugins(RememberedValidation())
    return app


@jsii.implements(IPolicyValidationPlugin)
class RememberedValidation:
    """The CDK's plugin for CloudFormation's rules, or its earlier findings for the same templates."""

    def __init__(
        self, folder: Path = _CACHE, rules: Callable[[], IPolicyValidationPlugin] = CloudFormationValidatePlugin
    ) -> None:
        """Take the folder of earlier findings, and the plugin for templates that are new."""
        self._folder = folder
        self._rules = rules

    @property
    def name(self) -> str:
        """The name of the CDK's own plugin."""
        return _NAME

    @property
    def version(self) -> str:
        """The version of the CDK, which brings the rules."""
        return importlib.metadata.version("aws-cdk-lib")

    @property
    def rule_ids(self) -> None:
        """None: only statistics ask for it, and an answer would compile the rules."""

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """The findings of the rules in the templates."""
        templates = {Path(stack.template_path).name: stack.template_path for stack in context.stack_templates}
        kept = self._folder / f"{self._key(context)}.json"
        if not kept.is_file():
            _write(kept, _as_document(self._rules().validate(context)))
        return _as_report(json.loads(kept.read_text(encoding="utf-8")), templates)

    def _key(self, context: IPolicyValidationContext) -> str:
        digest = hashlib.sha256(self.version.encode())
        for stack in context.stack_templates:
            template = Path(stack.template_path)
            where = [template.name, stack.stack_construct_path, stack.account_id, stack.region]
            digest.update(json.dumps(where).encode() + template.read_bytes())
        return digest.hexdigest()


def _as_document(report: PolicyValidationPluginReport) -> dict[str, Any]:
    """A report as JSON, with templates by file name because the output folder may change."""
    violations = [
        {name: getattr(violation, name) for name in _VIOLATION}
        | {
            "violating_resources": [
                {name: getattr(resource, name) for name in _RESOURCE}
                | {"template_path": Path(resource.template_path or "").name}
                for resource in violation.violating_resources
            ]
        }
        for violation in report.violations
    ]
    return {"success": report.success, "violations": violations}


def _as_report(document: dict[str, Any], templates: Mapping[str, str]) -> PolicyValidationPluginReport:
    """The report from its JSON, for templates at these paths."""
    violations = [
        PolicyViolation(
            **{name: violation[name] for name in _VIOLATION},
            violating_resources=[
                PolicyViolatingResource(**{**resource, "template_path": templates.get(resource["template_path"])})
                for resource in violation["violating_resources"]
            ],
        )
        for violation in document["violations"]
    ]
    return PolicyValidationPluginReport(success=document["success"], violations=violations)


def _write(file: Path, document: dict[str, Any]) -> None:
    """Write a file at once, so that no reader sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as half:
        json.dump(document, half)
    Path(half.name).rename(file)
