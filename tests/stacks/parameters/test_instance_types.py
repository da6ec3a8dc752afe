"""Conditions on instance types, for every type that SageMaker hosting has."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from aws_cdk import CfnCondition, CfnParameter, Stack
from aws_cdk.assertions import Template

from stacks.parameters.instance_types import has_gpu, has_local_storage
from workbench.template.rendered_template import render_template

# Families with instance storage, as EC2's pages have them.
LOCAL_STORAGE = (
    *("c5d", "c6gd", "c6id", "m5d", "m6gd", "m6id", "r5d", "r6gd", "r6id", "r7gd", "i3en", "dl1"),
    *("g4dn", "g5", "g6", "g6e", "gr6", "g7e", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300"),
    *("p6e-gb200", "trn1", "trn1n", "trn2"),
)


@pytest.fixture(scope="module")
def conditions() -> dict[str, Any]:
    stack = Stack()
    chosen = CfnParameter(stack, "type").value_as_string
    CfnCondition(stack, "Gpu", expression=has_gpu(chosen))
    CfnCondition(stack, "LocalStorage", expression=has_local_storage(chosen))
    template = Template.from_stack(stack).to_json()
    return {"Parameters": {"type": {"Type": "String"}}, "Conditions": template["Conditions"], "Resources": {}}


def _hosted() -> list[str]:
    service = botocore.session.get_session().get_service_model("sagemaker")
    return list(service.shape_for("ProductionVariantInstanceType").metadata["enum"])


def test_gpus_and_local_storage_of_every_type(conditions: dict[str, Any]) -> None:
    others = [f"ml.{family}.xlarge" for family in (*LOCAL_STORAGE, "g5g")]
    seen = {}
    for name in [*_hosted(), *others]:
        rendered = render_template(conditions, {"type": name}, "us-east-1")["Conditions"]
        seen[name] = (rendered["Gpu"], rendered["LocalStorage"])
    families = {name: name.split(".")[1] for name in seen}
    assert {name for name, (_, local) in seen.items() if local} == {
        name for name in seen if families[name] in LOCAL_STORAGE
    }
    assert {name for name, (gpu, _) in seen.items() if gpu} == {name for name in seen if families[name][0] in "gp"}
