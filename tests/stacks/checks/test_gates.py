"""`make templates` refuses faulty templates; `make check` shows that it takes the stack as it is."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.places import REPOSITORY

Template = dict[str, Any]


def _misspell_a_property(template: Template) -> None:
    (function,) = (
        resource
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and logical_id.startswith("InferenceFunction")
    )
    function["Properties"]["TimeOut"] = function["Properties"].pop("Timeout")


def _name_a_type_that_china_lacks(template: Template) -> None:
    template["Resources"]["Pool"] = {"Type": "AWS::Bedrock::Agent", "Properties": {"AgentName": "x"}}


def _open_a_bucket(template: Template) -> None:
    template["Resources"]["Public"] = {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead"}}


def _open_a_bucket_that_no_mix_makes(template: Template) -> None:
    template["Conditions"]["Never"] = {"Fn::Equals": [{"Ref": "endpointType"}, "no such kind"]}
    template["Conditions"]["NotAlways"] = {"Fn::And": [{"Condition": "Never"}, {"Condition": "Never"}]}
    _open_a_bucket(template)
    template["Resources"]["Public"]["Condition"] = "NotAlways"


def _write_a_template_that_checkov_passes_over(template: Template) -> None:
    template["Resources"]["Odd"] = {"Type": "AWS::S3::Bucket", "Properties": None}


def _take_a_reason_away(template: Template) -> None:
    with_reasons = [
        resource for resource in template["Resources"].values() if "checkov" in resource.get("Metadata", {})
    ]
    assert with_reasons
    del with_reasons[0]["Metadata"]["checkov"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_misspell_a_property, r"E3002 .*TimeOut"),
        (_name_a_type_that_china_lacks, "E3006 .*cn-north-1"),
        (_open_a_bucket, "CKV_AWS_20:"),
        (_open_a_bucket_that_no_mix_makes, "CKV_AWS_20:"),
        (_write_a_template_that_checkov_passes_over, "not looked at: defaults.template.json, Odd"),
        (_take_a_reason_away, "Failed checks: [1-9]"),
    ],
)
def test_a_broken_template_is_refused(
    template: Template, tmp_path: Path, spoil: Callable[[Template], None], says: str
) -> None:
    broken = copy.deepcopy(template)
    spoil(broken)
    file = tmp_path / "broken.template.json"
    file.write_text(json.dumps(broken, indent=1), encoding="utf-8")
    finished = subprocess.run(
        [REPOSITORY / "scripts" / "check-template", file], capture_output=True, text=True, check=False
    )
    assert finished.returncode not in (0, 127)
    assert re.search(says, finished.stdout + finished.stderr), finished.stdout + finished.stderr


@pytest.mark.processes
def test_a_careless_stack_is_refused_by_cdk_nag(tmp_path: Path) -> None:
    finished = subprocess.run(
        [
            REPOSITORY / "node_modules" / ".bin" / "cdk",
            *("synth", "--quiet", "--no-staging", "--output", tmp_path, "--context", "nag=true"),
            *("--app", f"{sys.executable} -m tests.stacks.checks.careless_app"),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    findings = _findings(tmp_path / "validation-report.json")
    # All other findings are accepted with a reason.
    assert set(findings) == {"careless/Public"}
    assert {"AwsSolutions-S1", "AwsSolutions-S10"} <= findings["careless/Public"]


@pytest.mark.processes
def test_the_validation_of_a_synthesis_finds_nothing_and_leaves_nothing_out(tmp_path: Path) -> None:
    """It gives up with W9052 when equalities of the rules connect too many values of parameters."""
    subprocess.run(
        [
            *(REPOSITORY / "node_modules" / ".bin" / "cdk", "synth", "--quiet", "--no-staging"),
            *("--output", tmp_path, "--context", "nag=true"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    reports = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    assert reports
    assert [violation["ruleName"] for plugin in reports for violation in plugin["violations"]] == []


def _findings(report: Path) -> dict[str, set[str]]:
    """The errors of cdk-nag by the construct that they are about."""
    found: dict[str, set[str]] = {}
    for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                if violation["severity"] == "error":
                    found.setdefault(construct["constructPath"], set()).add(violation["ruleName"])
    return found


def test_every_finding_that_is_let_through_has_a_reason(template: Template) -> None:
    reasons = [
        skipped["comment"]
        for resource in template["Resources"].values()
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert reasons
    assert all(len(reason.split()) > 5 for reason in reasons)
