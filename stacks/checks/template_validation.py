"""CloudFormation's rules over the template at every synth, each template looked at once.

The CDK's own plugin compiles its rules anew at each synth, which takes longer than all the rest of it. What it finds
depends on the template, its account and region, and the CDK's version; so its findings are kept by these. Whether a
finding is let through (``stacks.checks.acknowledgements``) is asked at each synth as before.
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
# By this name acknowledgements name the rules, and the report its findings.
_NAME = "CloudFormation Validate"
_VIOLATION = ("rule_name", "description", "severity", "fix", "rule_metadata")
_RESOURCE = ("construct_path", "locations", "resource_logical_id")


def validating_app() -> App:
    """An app whose synth fails on what CloudFormation's rules find, unless it is acknowledged."""
    app = App(builtin_cloud_formation_validation=False)
    Validations.of(app).add_plugins(RememberedValidation())
    return app


@jsii.implements(IPolicyValidationPlugin)
class RememberedValidation:
    """The CDK's plugin for CloudFormation's rules, or what it said of the same templates before."""

    def __init__(
        self, folder: Path = _CACHE, rules: Callable[[], IPolicyValidationPlugin] = CloudFormationValidatePlugin
    ) -> None:
        """Takes the folder of what was found before, and what finds it in a template that is new."""
        self._folder = folder
        self._rules = rules

    @property
    def name(self) -> str:
        """The plugin's name, the CDK's own."""
        return _NAME

    @property
    def version(self) -> str:
        """The version of the CDK, whose rules they are."""
        return importlib.metadata.version("aws-cdk-lib")

    @property
    def rule_ids(self) -> None:
        """Nothing: it is asked for by statistics alone, and would compile the rules."""

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """What the rules find in the templates."""
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
    """A report as JSON; templates by the names of their files, for the folder may be another the next time."""
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
    """The report that ``_as_document`` was given, of templates at these paths."""
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
    """Writes a file that nobody ever sees half of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as half:
        json.dump(document, half)
    Path(half.name).rename(file)
