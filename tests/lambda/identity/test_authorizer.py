from __future__ import annotations

import json
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from camera_registry import cameras
from inference_api.identity import authorizer
from inference_api.identity.door import Door
from tests.camera_tables import STAGE, Clock, Gate, Tables, changed, drawn, event, register
from tests.fake_endpoint import CONTEXT

LAMBDA = Path(__file__).parents[3] / "lambda" / "inference"


def answered(**words: Any) -> dict[str, Any]:
    return authorizer.handler(event(**words), CONTEXT)


def effect(answer: dict[str, Any]) -> tuple[str, str]:
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    return statement["Effect"], statement["Resource"]


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (written,) = capsys.readouterr().out.splitlines()
    document: dict[str, Any] = json.loads(written)
    return document


def test_a_right_credential_opens_the_stage(entrance: Door, gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    answer = answered(headers=gate.basic())
    assert effect(answer) == ("Allow", f"{STAGE}/*")
    assert answer["principalId"] == "gate-1"
    assert answer["context"] == {"camera_id": "gate-1", "scopes": "frames,read", "anonymous": "false"}
    written = line(capsys)
    assert (written["service"], written["outcome"], written["camera_id"]) == ("inference", "allowed", "gate-1")
    (metrics,) = written["_aws"]["CloudWatchMetrics"]
    assert metrics["Dimensions"] == [["service"]]
    assert [metric["Name"] for metric in metrics["Metrics"]] == ["AuthorizerLatency"]


def test_all_of_a_context_is_text(entrance: Door, gate: Gate, tables: Tables) -> None:
    """API Gateway takes text, numbers and truth values, and hands them all over as text."""
    disabled = register(tables, "gate-2", status=cameras.DISABLED)
    for answer in (
        answered(headers=gate.basic()),
        answered(headers=disabled.basic()),
        answered(method="GET", path="/"),
    ):
        assert all(isinstance(value, str) for value in answer["context"].values())


def test_a_heartbeat_is_let_in_as_nobody(entrance: Door, capsys: pytest.CaptureFixture[str]) -> None:
    answer = answered(method="GET", path="/")
    assert effect(answer)[0] == "Allow"
    assert answer["context"] == {"camera_id": "", "scopes": "", "anonymous": "true"}
    assert "RefusedCredentials" not in line(capsys)


@pytest.mark.parametrize("is_wrong", [True, False])
def test_none_or_a_wrong_one_is_unauthorized(
    entrance: Door, gate: Gate, capsys: pytest.CaptureFixture[str], is_wrong: bool
) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$") as raised:
        answered(headers=gate.basic(password="x" * 16) if is_wrong else {})
    assert type(raised.value) is Exception
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert ("RefusedCredentials" in line(capsys)) is is_wrong


def test_a_disabled_camera_is_denied(entrance: Door, gate: Gate, tables: Tables, clock: Clock) -> None:
    assert effect(answered(headers=gate.basic()))[0] == "Allow"
    changed(tables, gate, status=cameras.DISABLED)
    clock.pass_by(59)
    answer = answered(headers=gate.basic())
    assert effect(answer) == ("Deny", f"{STAGE}/*")
    assert answer["context"]["code"] == "Forbidden"
    assert "disabled" in answer["context"]["message"]


def test_too_many_wrong_credentials_are_denied_and_the_right_one_is_not(
    entrance: Door, gate: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(30):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            answered(headers=gate.basic(password="x" * 16))
    answer = answered(headers=gate.basic(password="x" * 16))
    assert effect(answer)[0] == "Deny"
    assert (answer["context"]["code"], answer["context"]["retry_after"]) == ("TooManyRefusals", "60")
    assert '"' not in answer["context"]["message"]  # it stands in a template of JSON
    assert effect(answered(headers=gate.basic()))[0] == "Allow"
    lines = [json.loads(written) for written in capsys.readouterr().out.splitlines()]
    assert sum(written.get("RefusedCredentials", 0) for written in lines) == 31


def test_a_registry_that_fails_is_no_refusal(
    entrance: Door, gate: Gate, tables: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.failure = ReadTimeoutError(endpoint_url="https://dynamodb")
    with pytest.raises(Exception, match=r"^RegistryUnavailable$"):
        answered(headers=gate.basic())
    assert line(capsys)["outcome"] == "RegistryUnavailable"


def test_a_fault_is_told_by_its_place_without_its_words(
    entrance: Door, gate: Gate, tables: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.put({"id": "camera#gate-1", "camera_id": "gate-1"})  # an item that lacks all else
    with pytest.raises(Exception, match=r"^InternalError$") as raised:
        answered(headers=gate.basic())
    assert raised.value.__context__ is None
    assert line(capsys)["reason"].startswith("KeyError in cameras.py, line ")


@pytest.mark.parametrize("fault", [None, ReadTimeoutError(endpoint_url="https://dynamodb"), KeyError("x")])
@pytest.mark.parametrize("is_right", [True, False])
def test_no_credential_is_written_anywhere(
    entrance: Door,
    gate: Gate,
    tables: Tables,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    fault: Exception | None,
    is_right: bool,
) -> None:
    caplog.set_level("DEBUG")
    sender = gate if is_right else Gate(gate.camera, drawn()[0])
    tables.failure = fault
    key = sender.key.text
    told = []
    for headers, query in (
        (sender.basic(), None),
        (sender.basic(password=key), None),
        ({"Authorization": f"Bearer {key}"}, None),
        ({"x-api-key": key}, None),
        ({}, {"k": key}),
        ({}, {"key": f"{key}/path"}),
    ):
        try:
            told.append(json.dumps(answered(headers=headers, query=query)))
        except Exception as error:  # noqa: BLE001 - as Lambda writes it to its log
            told.append("".join(traceback.format_exception(error)))
    output = capfd.readouterr()
    everything = "\n".join([output.out, output.err, caplog.text, *told, json.dumps(tables.refusals(), default=str)])
    for secret in (sender.key.secret, sender.key.text, sender.basic()["Authorization"].split()[1]):
        assert secret not in everything
    assert len(output.out.splitlines()) == len(told)


@pytest.mark.processes
def test_the_authorizer_loads_little() -> None:
    """A camera waits for its start. What is named here is most of the start of the API's function."""
    heavy = (
        "aws_lambda_powertools",
        "pybase64",
        "inference_api.events.event_store",
        "inference_api.sagemaker",
        "boto3",
    )
    code = (
        "import sys, inference_api.identity.authorizer\n"
        f"print([name for name in sys.modules if name.startswith({heavy!r})])"
    )
    environment = {"PYTHONPATH": str(LAMBDA)}
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"
