from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry import cameras, credentials
from camera_registry.credentials import Credential
from inference_api.errors import ForbiddenError, TooManyRefusalsError, UnauthorizedError
from inference_api.identity.door import Door, is_open
from inference_api.identity.proof import Proof
from inference_api.identity.refusals import Refusals
from inference_api.identity.registry import FRESH_S, Registry
from inference_api.proxy import Request
from tests.camera_tables import CREATED, Clock, Gate, Tables, changed, drawn, event, register

ROLE = "arn:aws:iam::123456789012:role/gate-1"


def opened(entrance: Door, sent: dict[str, Any], *, is_signed: bool = False) -> Proof:
    proof = entrance.opened(Request(sent, "1"), is_signed=is_signed)
    assert proof is not None
    return proof


def ways(gate: Gate) -> dict[str, tuple[dict[str, str], dict[str, str] | None]]:
    key = gate.key.text
    return {
        "id and secret": (gate.basic(), None),
        "id and key": (gate.basic(password=key), None),
        "key's name and secret": (gate.basic(user=gate.key.name), None),
        "key's name and key": (gate.basic(user=gate.key.name, password=key), None),
        "key alone": (gate.basic(user="", password=key), None),
        "bearer": ({"Authorization": f"BEARER {key}"}, None),
        "header": ({"X-API-KEY": key}, None),
        "k": ({}, {"k": key}),
        "key": ({}, {"key": key}),
    }


WAYS = tuple(ways(Gate(cameras.Camera(camera_id="x", created=CREATED, updated=CREATED), drawn()[0])))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_proves_the_camera(entrance: Door, gate: Gate, way: str) -> None:
    proof = opened(entrance, event(*ways(gate)[way]))
    assert proof == Proof(gate.camera, credentials.OF_A_CAMERA)


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_secret_proves_nothing_in_any_way(entrance: Door, gate: Gate, tables: Tables, way: str) -> None:
    wrong = replace(gate, key=replace(gate.key, secret="x" * 16))
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(*ways(wrong)[way]))
    assert [item["count"] for item in tables.refusals()] == [1]


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_nobody_has_proves_nothing(entrance: Door, gate: Gate, way: str) -> None:
    stranger = Gate(replace(gate.camera, camera_id="gate-9"), drawn()[0])
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(*ways(stranger)[way]))


def test_a_key_beside_another_cameras_name_proves_nothing(entrance: Door, gate: Gate, tables: Tables) -> None:
    register(tables, "gate-2")
    for password in (gate.key.secret, gate.key.text):
        with pytest.raises(UnauthorizedError):
            opened(entrance, event(gate.basic(user="gate-2", password=password)))


def test_an_id_that_looks_like_a_keys_name_is_an_id_first(entrance: Door, tables: Tables) -> None:
    gate = register(tables, "gate123456")
    assert opened(entrance, event(gate.basic())).camera == gate.camera
    other = register(tables, "gate-2")
    assert opened(entrance, event(other.basic(user=other.key.name))).camera == other.camera


def test_a_mac_address_is_an_id(entrance: Door, tables: Tables) -> None:
    gate = register(tables, "44:a6:42:10:20:30")
    assert opened(entrance, event(gate.basic())).camera == gate.camera


def test_the_first_credential_that_is_right_counts(entrance: Door, gate: Gate, tables: Tables) -> None:
    other = register(tables, "gate-2")
    assert opened(entrance, event({"x-api-key": other.key.text}, {"k": gate.key.text})).camera == other.camera
    wrong = gate.basic(password="x" * 16) | {"x-api-key": "y" * 26}
    assert opened(entrance, event(wrong, {"k": gate.key.text})).camera == gate.camera
    assert not tables.refusals()


def test_a_vendors_own_digest_counts_for_nothing(entrance: Door, gate: Gate, tables: Tables) -> None:
    digest = {"Authorization": 'Digest username="gate-1", realm="", nonce="", uri="/", response="0", qop=""'}
    assert opened(entrance, event(digest, {"k": gate.key.text})).camera == gate.camera
    with pytest.raises(UnauthorizedError) as refused:
        opened(entrance, event(digest))
    assert refused.value.headers == {"WWW-Authenticate": 'Basic realm="camera"'}
    assert not tables.refusals()  # no attempt


def test_both_credentials_hold_while_one_follows_the_other(
    entrance: Door, gate: Gate, tables: Tables, clock: Clock
) -> None:
    key, successor = drawn(("frames",))
    old = gate.camera.credentials[0]
    changed(tables, gate, credentials=(old, successor))
    new = Gate(gate.camera, key)
    assert opened(entrance, event(new.basic())).scopes == ("frames",)
    assert opened(entrance, event(gate.basic())).scopes == credentials.OF_A_CAMERA
    over = replace(old, expires=datetime.now(UTC) - timedelta(seconds=1))
    changed(tables, gate, credentials=(over, successor))
    clock.pass_by(FRESH_S + 0.1)
    assert opened(entrance, event({"x-api-key": key.text})).camera.camera_id == "gate-1"
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(gate.basic()))


def test_a_disabled_camera_is_told_so_by_the_right_secret_alone(entrance: Door, tables: Tables) -> None:
    gate = register(tables, "gate-1", status=cameras.DISABLED)
    with pytest.raises(ForbiddenError):
        opened(entrance, event(gate.basic()))
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(gate.basic(password="x" * 16)))


@pytest.mark.parametrize("change", ["disabled", "rotated", "removed", "key removed"])
def test_a_change_is_in_force_within_a_minute(
    entrance: Door, gate: Gate, tables: Tables, clock: Clock, change: str
) -> None:
    for headers, query in ways(gate).values():
        opened(entrance, event(headers, query))
    if change == "disabled":
        changed(tables, gate, status=cameras.DISABLED)
    elif change == "rotated":
        changed(tables, gate, credentials=(drawn()[1],))
    elif change == "removed":
        for key in ("camera#gate-1", cameras.key_key(gate.key.name)):
            tables.remove(key)
    else:
        changed(tables, gate, credentials=())
        tables.remove(cameras.key_key(gate.key.name))
    clock.pass_by(59)
    for headers, query in ways(gate).values():
        with pytest.raises(ForbiddenError if change == "disabled" else UnauthorizedError):
            opened(entrance, event(headers, query))


def test_a_missing_camera_and_a_wrong_secret_are_compared_as_often(
    entrance: Door, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    proves = Credential.proves

    def counted(self: Credential, secret: str, now: datetime) -> bool:
        compared.append(secret)
        return proves(self, secret, now)

    monkeypatch.setattr(Credential, "proves", counted)
    counts = []
    for user in ("gate-1", "gate-9"):
        with pytest.raises(UnauthorizedError):
            opened(entrance, event(gate.basic(user=user, password="x" * 16)))
        counts.append(len(compared))
    assert counts == [2, 4]


def test_thirty_wrong_credentials_a_minute_are_answered(
    entrance: Door, gate: Gate, tables: Tables, clock: Clock
) -> None:
    clock.pass_by(20.5)
    wrong = event(gate.basic(password="x" * 16))
    for _ in range(30):
        with pytest.raises(UnauthorizedError):
            opened(entrance, wrong)
    for _ in range(10):
        with pytest.raises(TooManyRefusalsError) as refused:
            opened(entrance, wrong)
        assert refused.value.retry_after_seconds == 40
    assert tables.calls.count("update_item") == 30
    assert [(item["id"].rpartition("#")[0], item["count"]) for item in tables.refusals()] == [
        ("refused#203.0.113.9", 30)
    ]
    assert opened(entrance, event(gate.basic())).camera == gate.camera  # of the same address
    with pytest.raises(UnauthorizedError):
        opened(entrance, event())  # the challenge is told to all
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(gate.basic(password="x" * 16), address="198.51.100.1"))
    clock.pass_by(39.5)
    with pytest.raises(UnauthorizedError):
        opened(entrance, wrong)


def test_a_role_a_session_and_a_user_sign_for_their_camera(entrance: Door, tables: Tables) -> None:
    by_role = register(tables, "gate-1", principal=ROLE)
    by_session = register(tables, "gate-2", principal="arn:aws:sts::123456789012:assumed-role/gate-1/second")
    by_user = register(tables, "gate-3", principal="arn:aws-cn:iam::123456789012:user/cameras/gate-3")
    for arn, gate in (
        ("arn:aws:sts::123456789012:assumed-role/gate-1/first", by_role),
        ("arn:aws:sts::123456789012:assumed-role/gate-1/second", by_session),
        ("arn:aws-cn:iam::123456789012:user/cameras/gate-3", by_user),
    ):
        proof = opened(entrance, event(identity={"userArn": arn}), is_signed=True)
        assert proof == Proof(gate.camera, credentials.OF_A_CAMERA)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::123456789012:assumed-role/gate-9/gate-1",
        "arn:aws:sts::999999999999:assumed-role/gate-1/first",
        "arn:aws:iam::123456789012:root",
    ],
)
def test_another_signer_is_no_camera(entrance: Door, tables: Tables, arn: str) -> None:
    register(tables, "gate-1", principal=ROLE)
    with pytest.raises(ForbiddenError):
        opened(entrance, event(identity={"userArn": arn}), is_signed=True)


def test_a_signer_that_a_camera_gave_up_is_no_camera(entrance: Door, tables: Tables) -> None:
    gate = register(tables, "gate-1", principal=ROLE)
    tables.put(replace(gate.camera, principal=None).as_item())
    with pytest.raises(ForbiddenError):
        opened(entrance, event(identity={"userArn": ROLE}), is_signed=True)


def test_an_agent_signs_and_each_camera_adds_its_key(entrance: Door, gate: Gate) -> None:
    agent = {"userArn": "arn:aws:sts::123456789012:assumed-role/agent/1"}
    assert opened(entrance, event({"x-api-key": gate.key.text}, identity=agent), is_signed=True).camera == gate.camera


def test_without_signatures_a_signers_name_is_not_looked_at(entrance: Door, tables: Tables) -> None:
    register(tables, "gate-1", principal=ROLE)
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(identity={"userArn": ROLE}))


class Empty:
    """A registry without cameras, and a table of states that counts to one."""

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - the name is boto3's
        for key in RequestItems["registry"]["Keys"]:
            assert 0 < len(key["id"]["S"].encode()) <= 2048  # DynamoDB's limit
        return {"Responses": {"registry": []}}

    def update_item(self, **words: Any) -> Any:
        return {"Attributes": {"count": {"N": "1"}}}


@given(
    user=st.text(max_size=100), password=st.text(max_size=40), query=st.text(max_size=60), address=st.text(max_size=50)
)
def test_nothing_that_a_stranger_sends_is_more_than_refused(user: str, password: str, query: str, address: str) -> None:
    client: Any = Empty()
    entrance = Door(Registry(client, "registry"), Refusals(client, "states"))
    text = f"{user}:{password}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(text).decode(), "x-api-key": user}
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(headers, {"k": query}, address=address))


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", True),
        ("GET", "", True),
        ("GET", "/keepalive", True),
        ("GET", "/cgi-bin/KeepAlive/", True),
        ("POST", "/", False),
        ("POST", "/keepalive", False),
        ("GET", "/push", False),
        ("GET", "/push/keepalive", False),
        ("GET", "/inference/keepalive-1", False),
        ("GET", "/keepalive/x", False),
    ],
)
def test_two_heartbeats_are_open(method: str, path: str, expected: bool) -> None:
    assert is_open(Request(event(method=method, path=path), "1")) is expected


def test_a_heartbeat_needs_no_credential_but_a_wrong_one_is_refused(entrance: Door, gate: Gate) -> None:
    beat: dict[str, Any] = {"method": "GET", "path": "/"}
    assert entrance.opened(Request(event(**beat), "1")) is None
    assert opened(entrance, event(gate.basic(), **beat)).camera == gate.camera
    with pytest.raises(UnauthorizedError):
        opened(entrance, event(gate.basic(password="x" * 16), **beat))
