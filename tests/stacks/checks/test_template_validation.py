"""Apps of one bucket, synthesized in this process: a refused synth raises here."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk import (
    Acknowledgment,
    App,
    IPolicyValidationContext,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Stack,
    Validations,
)
from aws_cdk.aws_s3 import CfnBucket

from stacks.checks.template_validation import RememberedValidation, validating_app

# As in cdk.json; otherwise findings are warnings.
ERRORS = {"@aws-cdk/core:validateAgainstDefaultRules": True}


class Rules:
    """Finds the same fault in every template, and counts how often it is asked."""

    name = "CloudFormation Validate"
    version = "1.0.0"
    rule_ids = None

    def __init__(self) -> None:
        self.asked = 0

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        self.asked += 1
        (stack,) = context.stack_templates
        fault = PolicyViolatingResource(
            resource_logical_id="Bucket", template_path=stack.template_path, locations=["Properties.BucketName"]
        )
        violation = PolicyViolation(
            rule_name="E1", description="no such name", severity="error", violating_resources=[fault]
        )
        return PolicyValidationPluginReport(success=False, violations=[violation])


def _bucket(app: App, name: str = "a") -> CfnBucket:
    return CfnBucket(Stack(app, "stack"), "Bucket", bucket_name=name)


def _app(kept: Path, rules: Rules, out: Path) -> App:
    app = App(builtin_cloud_formation_validation=False, outdir=str(out), context=ERRORS)
    Validations.of(app).add_plugins(RememberedValidation(kept, lambda: rules))
    return app


def test_a_template_is_looked_at_once_and_refused_each_time(tmp_path: Path) -> None:
    rules = Rules()
    reports = []
    for out in (tmp_path / "out", tmp_path / "another"):
        app = _app(tmp_path / "kept", rules, out)
        _bucket(app)
        with pytest.raises(RuntimeError, match="no such name"):
            app.synth()
        reports.append((out / "validation-report.json").read_text(encoding="utf-8"))
    assert rules.asked == 1
    assert reports[0] == reports[1]
    assert '"constructPath": "stack/Bucket"' in reports[1]


def test_another_template_is_looked_at(tmp_path: Path) -> None:
    rules = Rules()
    for name in ("a", "b"):
        app = _app(tmp_path / "kept", rules, tmp_path / "out")
        _bucket(app, name)
        with pytest.raises(RuntimeError, match="no such name"):
            app.synth()
    assert rules.asked == 2


def test_what_was_found_before_may_be_acknowledged_now(tmp_path: Path) -> None:
    rules = Rules()
    refused = _app(tmp_path / "kept", rules, tmp_path / "out")
    _bucket(refused)
    with pytest.raises(RuntimeError, match="no such name"):
        refused.synth()
    accepted = _app(tmp_path / "kept", rules, tmp_path / "out")
    Validations.of(_bucket(accepted)).acknowledge(
        Acknowledgment(id="CloudFormation-Validate::E1", reason="it has to be so")
    )
    accepted.synth()


@pytest.mark.slow
def test_the_rules_are_the_cdks() -> None:
    app = validating_app()
    for name, value in ERRORS.items():
        app.node.set_context(name, value)
    _bucket(app).add_property_override("Misspelt", True)
    with pytest.raises(RuntimeError, match="Misspelt"):
        app.synth()
