from __future__ import annotations

import json
import traceback
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from camera_registry import cameras, credentials
from camera_registry.profiles import Profile
from camera_registry.scopes import SCOPES
from inference_api import resources
from inference_api.errors import (
    ApiError,
    ForbiddenError,
    RegistryUnavailableError,
    TooManyRefusalsError,
    UnauthorizedError,
)
from inference_api.identity import door as doors
from inference_api.identity.caller import ANYONE, STRANGER, Caller, get_ready, identify
from inference_api.identity.door import Door
from inference_api.identity.registry import FRESH_S
from inference_api.proxy import Request
from tests.camera_tables import REGISTRY, STATES, Clock, Gate, Tables, changed, drawn, event, register


def identified(**words: Any) -> Caller:
    return identify(Request(event(**words), "1"))


@pytest.mark.parametrize("way", ["API_KEY", "AWS_IAM", "NONE", None])
def test_the_old_ways_look_nothing_up(function_environment: pytest.MonkeyPatch, way: str | None) -> None:
    function_environment.delenv("API_AUTHORIZATION", raising=False)
    if way is not None:
        function_environment.setenv("API_AUTHORIZATION", way)
    resources.settings.cache_clear()
    caller = identified(headers={"x-api-key": "anything"}, context={"camera_id": "gate-1"})
    resources.settings.cache_clear()
    assert caller is ANYONE
    assert not caller.is_known
    for scope in SCOPES:
        caller.require(scope)


def test_the_authorizers_word_is_taken_with_the_profile_of_the_registry(entrance: Door, tables: Tables) -> None:
    register(tables, "gate-1", profile=Profile(keep="nothing"))
    told = {"camera_id": "gate-1", "scopes": "frames,faces", "anonymous": "false", "principalId": "gate-1"}
    caller = identified(context=told)
    assert caller == Caller(
        camera_id="gate-1", scopes=frozenset({"frames", "faces"}), profile=Profile(keep="nothing"), is_known=True
    )
    caller.require("faces")
    with pytest.raises(ForbiddenError, match="read"):
        caller.require("read")


def test_an_event_without_an_authorizer_proves_itself(entrance: Door, gate: Gate) -> None:
    caller = identified(headers=gate.basic())
    assert (caller.camera_id, caller.is_known) == ("gate-1", True)
    assert caller.scopes == set(credentials.OF_A_CAMERA)
    for context in ({}, {"principalId": "gate-1"}, {"camera_id": ""}):
        with pytest.raises(UnauthorizedError):
            identified(context=context)


def test_a_stranger_may_nothing(entrance: Door) -> None:
    for told in ({"anonymous": "true", "camera_id": "", "scopes": ""}, None):
        caller = identified(context=told, method="GET", path="/")
        assert caller is STRANGER
        with pytest.raises(ForbiddenError):
            caller.require("frames")


@pytest.mark.parametrize("change", ["disabled", "removed"])
def test_what_the_authorizer_let_in_is_refused_by_the_registry(
    entrance: Door, gate: Gate, tables: Tables, clock: Clock, change: str
) -> None:
    told = {"camera_id": "gate-1", "scopes": "frames"}
    identified(context=told)
    if change == "disabled":
        changed(tables, gate, status=cameras.DISABLED)
    else:
        tables.remove("camera#gate-1")
    clock.pass_by(FRESH_S + 0.1)
    with pytest.raises(ForbiddenError if change == "disabled" else UnauthorizedError):
        identified(context=told)


def test_a_signature_names_the_camera(entrance: Door, tables: Tables, function_environment: pytest.MonkeyPatch) -> None:
    function_environment.setenv("API_AUTHORIZATION", "CAMERA_IAM")
    resources.settings.cache_clear()
    register(tables, "gate-1", principal="arn:aws-cn:iam::123456789012:role/gate-1")
    signer = {"userArn": "arn:aws-cn:sts::123456789012:assumed-role/gate-1/session"}
    assert identified(identity=signer).camera_id == "gate-1"
    # No authorizer stands before it, so that nothing of the kind is trusted.
    with pytest.raises(UnauthorizedError):
        identified(context={"camera_id": "gate-1", "scopes": "frames"})


def test_refused_credentials_are_a_metric(entrance: Door, gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(32):
        with pytest.raises(TooManyRefusalsError if number > 29 else UnauthorizedError):
            identified(headers=gate.basic(password="x" * 16))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 32
    assert all(line["RefusedCredentials"] == 1 and line["service"] == "inference" for line in lines)
    with pytest.raises(UnauthorizedError):
        identified()
    identified(headers=gate.basic())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("is_right", [True, False])
def test_no_credential_is_written_anywhere(
    entrance: Door,
    gate: Gate,
    tables: Tables,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    is_right: bool,
) -> None:
    caplog.set_level("DEBUG")
    sender = gate if is_right else Gate(gate.camera, drawn()[0])
    key = sender.key.text
    told: list[str] = []
    for failure in (None, ReadTimeoutError(endpoint_url="https://dynamodb")):
        tables.failure = failure
        for headers, query in (
            (sender.basic(), None),
            (sender.basic(password=key), None),
            ({"Authorization": f"Bearer {key}"}, None),
            ({"x-api-key": key}, None),
            ({}, {"k": key}),
            ({}, {"key": key}),
        ):
            try:
                told.append(repr(identified(headers=headers, query=query)))
            except ApiError as error:  # as the handler logs and answers it
                told.extend([*traceback.format_exception(error), str(error), repr(error.log_fields)])
    output = capfd.readouterr()
    everything = "\n".join([output.out, output.err, caplog.text, *told, repr(tables.refusals())])
    for secret in (sender.key.secret, key, sender.basic()["Authorization"].split()[1]):
        assert secret not in everything


def test_the_clients_are_made_where_cameras_have_identities_alone(
    entrance: Door, function_environment: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str]] = []
    function_environment.setattr("inference_api.identity.caller.door", lambda *tables: made.append(tables))
    get_ready()
    function_environment.setenv("API_AUTHORIZATION", "AWS_IAM")
    resources.settings.cache_clear()
    get_ready()
    assert made == [(REGISTRY, STATES)]


def test_a_stack_without_its_table_lets_nobody_in(
    entrance: Door, gate: Gate, function_environment: pytest.MonkeyPatch
) -> None:
    function_environment.setattr("inference_api.identity.caller.door", doors.door)
    function_environment.delenv("REGISTRY_TABLE")
    resources.settings.cache_clear()
    with pytest.raises(RegistryUnavailableError):
        identified(headers=gate.basic())
