"""The registry's tables, what each role may do with them, and what is there without a registry: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks.change_set import change_set
from tests.stacks.rendering import of_type, rendered
from workbench.template.rendered_template import synthesize

# By region: its partition.
REGIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
TABLE = "AWS::DynamoDB::Table"
CAMERAS = {"apiAuthorization": "CAMERA"}
EVERYTHING = {
    **CAMERAS,
    "saveRequestEvents": "Yes",
    "eventsTable": "Yes",
    "ingestFromS3": "Yes",
    "pushAnswer": "accepted",
    "alarmSilentCameras": "3",
    "alarmRefusedCredentials": "50",
}
KEY = "arn:aws:kms:us-east-1:210987654321:key/01234567-89ab-cdef-0123-456789abcdef"


def _tables(resources: dict[str, Any]) -> tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]:
    """The cameras' table and that of their states, each with its logical id."""
    tables = of_type(resources, TABLE)
    (states,) = (name for name, table in tables.items() if "TimeToLiveSpecification" in table)
    (cameras,) = set(tables) - {states}
    return (cameras, resources[cameras]), (states, resources[states])


def _grants(resources: dict[str, Any], service: str) -> Iterator[tuple[str, set[str], list[str], dict[str, Any]]]:
    """Role, actions, resources and conditions of every statement about a service."""
    for policy in of_type(resources, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            action, resource = statement["Action"], statement["Resource"]
            actions = {action} if isinstance(action, str) else set(action)
            if any(each.startswith(f"{service}:") for each in actions):
                for role in policy["Roles"]:
                    yield (
                        role,
                        actions,
                        [resource] if isinstance(resource, str) else resource,
                        statement.get("Condition", {}),
                    )


def _role(resources: dict[str, Any], handler: str) -> str:
    (role,) = (
        entry["Role"].split(".")[0]
        for entry in of_type(resources, "AWS::Lambda::Function").values()
        if entry["Handler"] == f"inference_api.{handler}"
    )
    return str(role)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", ["AUTO", "API_KEY", "AWS_IAM", "NONE"])
def test_without_known_cameras_nothing_of_it_is_there(template: dict[str, Any], region: str, way: str) -> None:
    resources = rendered(template, region, apiAuthorization=way)
    assert not [name for name in resources if name.startswith("Registry")]
    assert not of_type(resources, "AWS::Events::Rule")
    assert not list(_grants(resources, "dynamodb"))
    for function in of_type(resources, "AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        assert (variables["REGISTRY_TABLE"], variables["STATES_TABLE"]) == ("", "")
        assert variables["API_AUTHORIZATION"] == way


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", ["CAMERA", "CAMERA_IAM"])
def test_both_tables_are_billed_by_the_request(template: dict[str, Any], region: str, way: str) -> None:
    resources = rendered(template, region, apiAuthorization=way)
    (cameras, registry), (states, state) = _tables(resources)
    for table in (registry, state):
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
        assert properties["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
        assert "SSESpecification" not in properties  # DynamoDB's own key
        assert "TableName" not in properties
    for function in of_type(resources, "AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        assert (variables["REGISTRY_TABLE"], variables["STATES_TABLE"]) == (cameras, states)
        assert variables["API_AUTHORIZATION"] == way


def test_cameras_can_be_restored_and_outlive_the_stack(template: dict[str, Any]) -> None:
    (_, cameras), (_, states) = _tables(rendered(template, **CAMERAS))
    assert cameras["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert (cameras["DeletionPolicy"], cameras["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert states["DeletionPolicy"] == "Delete"
    assert states["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


@pytest.mark.synth
def test_cameras_go_with_the_events_where_the_operator_says_so() -> None:
    (_, cameras), _ = _tables(rendered(synthesize({"deleteEvents": "true"}), **CAMERAS))
    assert cameras["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("way", ["CAMERA", "CAMERA_IAM"])
def test_a_key_of_the_operators_encrypts_both_and_every_role_may_use_it(template: dict[str, Any], way: str) -> None:
    resources = rendered(template, **EVERYTHING | {"apiAuthorization": way, "kmsKeyArn": KEY})
    for _, table in _tables(resources):
        assert table["Properties"]["SSESpecification"] == {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": KEY,
        }
    using = {role for role, _, _, _ in _grants(resources, "dynamodb")}
    may = {
        role: actions
        for role, actions, on, _ in _grants(resources, "kms")
        if "kms:DescribeKey" in actions and "kms:Encrypt" in actions and on == [KEY]
    }
    assert set(may) == using
    assert not [action for actions in may.values() for action in actions if "*" in action]


@pytest.mark.parametrize("region", REGIONS)
def test_functions_read_cameras_one_by_one_and_never_write_them(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **EVERYTHING)
    (cameras, _), (states, _) = _tables(resources)
    on_cameras: dict[str, set[str]] = {}
    on_states: dict[str, set[str]] = {}
    for role, actions, on, _ in _grants(resources, "dynamodb"):
        assert on in ([f"{cameras}.Arn"], [f"{states}.Arn"])
        table = on_cameras if on == [f"{cameras}.Arn"] else on_states
        table.setdefault(role, set()).update(actions)
    read, count = {"dynamodb:BatchGetItem"}, {"dynamodb:UpdateItem"}
    authorizer, api, ingest, watch = (
        _role(resources, f"{name}.handler") for name in ("identity.authorizer", "handler", "ingest", "watch")
    )
    assert on_cameras == dict.fromkeys((authorizer, api, ingest, watch), read)
    assert on_states == {
        authorizer: count,
        api: count,
        watch: {"dynamodb:Scan", "dynamodb:UpdateItem"},
    }


def test_the_authorizer_touches_no_state_of_a_camera(template: dict[str, Any]) -> None:
    resources = rendered(template, **CAMERAS)
    _, (states, _) = _tables(resources)
    authorizer = _role(resources, "identity.authorizer.handler")
    (conditions,) = (
        conditions
        for role, _, on, conditions in _grants(resources, "dynamodb")
        if role == authorizer and on == [f"{states}.Arn"]
    )
    assert conditions == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["refused#*"]}}


def test_an_older_stack_keeps_its_tables_when_other_parameters_change(template: dict[str, Any]) -> None:
    changes = change_set(template, CAMERAS, EVERYTHING | {"apiAuthorization": "CAMERA_IAM", "kmsKeyArn": KEY})
    tables = {name for name, entry in template["Resources"].items() if entry["Type"] == TABLE}
    assert {changes[name] for name in tables} == {"updated"}


@pytest.mark.parametrize("given", [{}, {"ingestFromS3": "Yes"}, {"saveRequestEvents": "Yes", "eventsTable": "Yes"}])
def test_the_outputs_name_both(template: dict[str, Any], given: dict[str, str]) -> None:
    (cameras, _), (states, _) = _tables(rendered(template, **CAMERAS, **given))
    outputs = template["Outputs"]
    assert [outputs[name]["Condition"] for name in ("CameraRegistryTable", "CameraStatesTable")] == ["HasRegistry"] * 2
    assert outputs["CameraRegistryTable"]["Value"] == {"Ref": cameras}
    assert outputs["CameraStatesTable"]["Value"] == {"Ref": states}
