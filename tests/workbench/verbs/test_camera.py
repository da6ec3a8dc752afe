"""The verb ``camera``, with DynamoDB emulated by moto."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from flask import Flask, request
from moto import mock_aws

from inference_api.errors import ForbiddenError, UnauthorizedError
from inference_api.identity import registry as identity_registry
from inference_api.identity.door import Door
from inference_api.identity.refusals import Refusals
from tests.lambda_events import as_request, proxy_event
from tests.workbench.registry_tables import PUSH_URL, STATES, TABLE, Verb
from workbench import places
from workbench.__main__ import main
from workbench.cameras import place, trial
from workbench.cameras.registry import Registry
from workbench.local.servers.http_server import HttpServer

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::111122223333:role/gate"


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Verb]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield Verb(capsys)


def test_a_camera_is_added_and_its_key_told_once(verb: Verb) -> None:
    told = verb.json("add", "gate-1", "--site", "north", "--tags", "gate,outdoor", "--vendor", "Hikvision")
    assert (told["user"], told["added"], len(told["password"]), len(told["key"])) == ("gate-1", True, 16, 26)
    assert told["key"].endswith(told["password"])
    assert told["fields"] == {
        "Destination IP or Host Name": "abc123.execute-api.eu-central-1.amazonaws.com",
        "URL": f"/prod/push?k={told['key']}",
        "Port": "443",
        "Protocol": "HTTPS",
    }
    camera = verb.camera("gate-1")
    assert (camera.site, camera.tags, camera.vendor) == ("north", ("gate", "outdoor"), "hikvision")
    assert camera.credentials[0].proves(told["password"], datetime.now(UTC))
    assert camera.credentials[0].scopes == ("frames", "read")
    assert verb.items()[f"key#{told['key'][:10]}"]["camera_id"] == "gate-1"
    for words in (["list"], ["list", "--json"], ["show", "gate-1"], ["show", "gate-1", "--json"]):
        assert verb(*words) == 0
        assert "gate-1" in verb.said
        assert told["password"] not in verb.said
        assert camera.credentials[0].salt not in verb.said
        assert camera.credentials[0].digest not in verb.said
    assert told["password"] not in json.dumps(verb.items())


def test_adding_again_changes_nothing(verb: Verb) -> None:
    verb.json("add", "gate-1", "--site", "north")
    before = verb.items()
    assert verb.json("add", "gate-1", "--site", "north") == {"camera_id": "gate-1", "added": False}
    assert verb.json("add", "gate-1") == {"camera_id": "gate-1", "added": False}
    assert verb("add", "gate-1", "--site", "south") == 2
    assert "'gate-1' is there, with other facts; change them with " in verb.complained
    assert "camera set gate-1 site=south" in verb.complained
    assert verb("add", "gate-1", "--scopes", "read") == 2
    assert "camera rotate gate-1 --scopes read" in verb.complained
    assert verb.items() == before


def test_a_camera_that_signs_needs_no_key(verb: Verb) -> None:
    assert "key" not in verb.json("add", "gate-1", "--principal", ROLE)
    assert set(verb.items()) == {"camera#gate-1", f"principal#{ROLE}"}
    assert verb("add", "gate-2", "--principal", ROLE) == 2
    assert f"{ROLE} signs for another camera" in verb.complained
    assert set(verb.items()) == {"camera#gate-1", f"principal#{ROLE}"}
    assert verb("set", "gate-1", "principal=") == 0
    assert set(verb.items()) == {"camera#gate-1"}
    assert "key" in verb.json("add", "gate-2", "--principal", ROLE, "--scopes", "faces,frames")
    assert verb.camera("gate-2").credentials[0].scopes == ("frames", "faces")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "gate 1"], "'gate 1' is no name of a camera; use 1 to 64 of the letters A to Z"),
        (["add", "g" * 65], "is no name of a camera"),
        (["add", "gate-1", "--vendor", "hikvison"], "unknown vendor 'hikvison', did you mean 'hikvision'"),
        (["add", "gate-1", "--scopes", "frame"], "unknown scope 'frame', did you mean 'frames'"),
        (["add", "gate-1", "--principal", "role/x"], "'role/x' is no principal; write the ARN of a role"),
        (["add", "gate-1", "--tags", "a b"], "'a b' is no tag"),
        (["add", "gate-1", "--tags", ",".join("abcdefghijk")], "at most 10 tags; leave out 1"),
        (["add", "gate-1", "--site", "a\x1b[31m"], "a site has at most 128 printable characters"),
        (["add", "gate-1", "--site", ""], "argument --site: the value is empty"),
        (["add"], "required: NAME"),
        (["ad", "gate-1"], "unknown value 'ad', did you mean 'add'"),
        (["list", "--sit", "x"], "unknown argument '--sit', did you mean '--site'"),
        (["list", "--state", "slient"], "unknown value 'slient', did you mean 'silent'"),
        (["rotate", "gate-1", "--overlap", "-1"], "'-1' is not a whole number of 0 or more"),
        (["rotate", "gate-1", "--overlap", "9999"], "write at most 2160 hours"),
        (["show", "gate-1"], "there is no camera 'gate-1'"),
        (["set", "site=north"], "name one camera and KEY=VALUE"),
        (["set", "gate-1"], "name one camera and KEY=VALUE"),
        (["set", "--fleet", "gate-1", "keep=nothing"], "--fleet or --tag TAG and KEY=VALUE alone"),
        (["set", "--fleet", "site=north"], "unknown name 'site'"),
        (["set", "gate-1", "stie=north"], "unknown name 'stie', did you mean 'site'"),
        (["set", "gate-1", "regions=[[0"], "regions is no JSON; write for example regions="),
        (["set", "gate-1", "regions=@/no/such"], "regions cannot be read from /no/such: No such file"),
        (["set", "gate-1", "min_box=a,b"], "min_box takes numbers, and 'a' is none"),
        (["import", "/no/such.csv", "--secrets", "x"], "cannot read /no/such.csv"),
        (["import", "x.csv"], "required: --secrets"),
    ],
)
def test_mistakes_are_one_line(verb: Verb, words: list[str], says: str) -> None:
    assert verb(*words) == 2
    assert says in verb.complained
    assert verb.complained.count("\n") == 1
    assert verb.items() == {}


def test_a_misspelt_camera_is_told_the_nearest(verb: Verb) -> None:
    verb.json("add", "gate-1")
    for words in (["show"], ["disable"], ["rotate"], ["test"]):
        assert verb(*words, "gaet-1") == 2
        assert "there is no camera 'gaet-1', did you mean 'gate-1'" in verb.complained
    assert verb("remove", "gaet-1") == 0
    assert "there is no camera 'gaet-1', did you mean 'gate-1'?; nothing was removed" in verb.said


def test_disabling_and_enabling_can_be_repeated(verb: Verb) -> None:
    verb.json("add", "gate-1")
    for action, status in (("disable", "disabled"), ("enable", "enabled")):
        assert verb.json(action, "gate-1") == {"camera_id": "gate-1", "status": status, "changed": True}
        assert verb.json(action, "gate-1") == {"camera_id": "gate-1", "status": status, "changed": False}
        assert verb.camera("gate-1").status == status


def test_removing_leaves_nothing(verb: Verb) -> None:
    verb.json("add", "gate-1", "--principal", ROLE, "--scopes", "frames")
    verb.json("rotate", "gate-1")
    verb.note("gate-1", last_seen=1)
    verb.json("add", "gate-2")
    assert len(verb.items()) == 6
    assert verb.json("remove", "gate-1") == {"camera_id": "gate-1", "removed": True}
    assert set(verb.items()) == {"camera#gate-2", f"key#{verb.camera('gate-2').credentials[0].name}"}
    assert verb.items("states") == {}
    assert verb.json("remove", "gate-1") == {"camera_id": "gate-1", "removed": False}


def test_a_new_key_stands_beside_the_old_one(verb: Verb) -> None:
    old = verb.json("add", "gate-1", "--scopes", "faces")
    new = verb.json("rotate", "gate-1", "--overlap", "2")
    now = datetime.now(UTC)
    first, second = verb.camera("gate-1").credentials
    assert first.proves(new["password"], now)
    assert first.expires is None
    assert first.scopes == ("faces",)
    assert second.proves(old["password"], now + timedelta(hours=1, minutes=59))
    assert not second.proves(old["password"], now + timedelta(hours=2, minutes=1))
    assert verb("rotate", "gate-1") == 2
    assert "has two keys already, of which the older is good until" in verb.complained
    last = verb.json("rotate", "gate-1", "--now", "--scopes", "frames")
    (only,) = verb.camera("gate-1").credentials
    assert only.proves(last["password"], now)
    assert only.scopes == ("frames",)
    assert set(verb.items()) == {"camera#gate-1", f"key#{only.name}"}
    assert last["older_key_expires"] is None


def test_facts_are_set_and_taken_away(verb: Verb) -> None:
    verb.json("add", "gate-1", "--site", "north", "--tags", "a")
    assert verb.json("set", "gate-1", "site=南门", "tags=b,c", "vendor=annke")["changed"]
    camera = verb.camera("gate-1")
    assert (camera.site, camera.tags, camera.vendor) == ("南门", ("b", "c"), "hikvision")
    assert not verb.json("set", "gate-1", "site=南门")["changed"]
    verb.json("set", "gate-1", "site=", "tag=")
    assert (verb.camera("gate-1").site, verb.camera("gate-1").tags) == ("", ())


def test_the_list_has_every_state(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    now = int(datetime.now(UTC).timestamp())
    today = datetime.now(UTC).date().isoformat()
    for name in ("alive", "old", "silent", "new", "off"):
        verb.json("add", name, "--site", "north" if name != "new" else "south", "--tags", f"t-{name}")
    verb.note("alive", last_seen=now - 930, day=today, frames=17, skew_s=-400)
    verb.note("old", last_seen=now - 1000, day="2020-01-01", frames=9, skew_s=20)
    verb.note("silent", last_seen=now - 30, silent_since=now)
    verb.note("off", last_seen=now)
    verb.json("disable", "off")
    listed = {each["camera_id"]: each for each in verb.json("list")}
    states = {name: each["state"] for name, each in listed.items()}
    assert states == {"alive": "alive", "new": "never seen", "off": "disabled", "old": "silent", "silent": "silent"}
    assert (listed["alive"]["frames_today"], listed["alive"]["skew_s"]) == (17, -400)
    assert (listed["old"]["frames_today"], listed["new"]["last_seen"]) == (0, None)
    assert verb("list") == 0
    lines = {line.split()[0]: line.split() for line in verb.said.splitlines()}
    assert lines["alive"][1:] == ["north", "alive", "15", "min", "ago", "17", "6", "min", "behind"]
    assert lines["old"][1:] == ["north", "silent", "16", "min", "ago", "0"]
    assert verb.said.endswith("5 cameras: 1 alive, 2 silent, 1 never seen, 1 disabled\n")
    for words, names in {
        ("--site", "south"): ["new"],
        ("--tag", "t-old"): ["old"],
        ("--state", "silent", "--site", "north"): ["old", "silent"],
        ("--state", "never seen"): ["new"],
        ("--site", "nowhere"): [],
    }.items():
        assert [each["camera_id"] for each in verb.json("list", *words)] == names


CSV = "camera_id,site,tags,vendor\ngate-1,north,a;b,hikvision\ngate-2,south,,\n"


def test_an_import_makes_what_is_missing(verb: Verb, tmp_path: Path) -> None:
    file, secrets = tmp_path / "cameras.csv", tmp_path / "keys.csv"
    file.write_text(CSV)
    made = verb.json("import", str(file), "--secrets", str(secrets))
    assert made == {"made": 2, "there": 0, "differing": [], "secrets": str(secrets)}
    assert secrets.stat().st_mode & 0o777 == 0o600
    head, *rows = [line.split(",") for line in secrets.read_text().splitlines()]
    assert head == ["camera_id", "user", "password", "key"]
    for name, user, password, key in rows:
        assert (user, key[10:]) == (name, password)
        assert verb.camera(name).credentials[0].proves(password, datetime.now(UTC))
        assert verb.items()[f"key#{key[:10]}"]["camera_id"] == name
    file.write_text(f"{CSV}gate-3,,,\n".replace("north", "east"))
    made = verb.json("import", str(file), "--secrets", str(secrets))
    assert (made["made"], made["there"], made["differing"]) == (1, 2, ["gate-1"])
    assert len(secrets.read_text().splitlines()) == 4
    assert verb.camera("gate-1").site == "north"


def test_bad_rows_are_all_named_before_anything_is_written(verb: Verb, tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text(f"{CSV}bad name,,,\ngate-1,,,\n,x,,\ngate-4,,,nokia\n\ngate-5,a,b,c,d,e\n")
    assert verb("import", str(file), "--secrets", str(tmp_path / "keys")) == 2
    *named, last = verb.complained.splitlines()
    assert [line.split(": ")[0].removeprefix(f"{file}, ") for line in named] == [f"line {n}" for n in (4, 5, 6, 7, 9)]
    assert last == "ipc-ai camera: 5 of 7 rows cannot be imported; nothing was written"
    assert verb.items() == {}
    assert not (tmp_path / "keys").exists()


def test_a_stack_without_a_registry_is_said_with_what_to_do(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    boto3.client("cloudformation").create_stack(StackName="ipc-ai-saas", TemplateBody=json.dumps(template))
    assert main(["camera", "list"]) == 2
    assert "the stack ipc-ai-saas keeps no registry of cameras; deploy it with apiAuth" in capsys.readouterr().err
    assert main(["camera", "list", "--stack", "other"]) == 2
    assert "there is no stack other in us-east-1; name it with --stack" in capsys.readouterr().err
    assert main(["camera", "list", "--registry-table", "x"]) == 2
    assert "--registry-table and --states-table go together" in capsys.readouterr().err
    assert main(["camera", "list", "--registry-table", "x", "--states-table", "y"]) == 2
    said = capsys.readouterr().err
    assert "there is no table x or y in us-east-1; name the --region, or deploy the stack with apiAuth" in said
    assert said.count("\n") == 1


def test_the_outputs_of_the_stack_name_the_tables(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = {"CameraRegistryTable": TABLE, "CameraStatesTable": "states", "PushUrl": PUSH_URL}
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="north", TemplateBody=json.dumps(template))
    assert main(["camera", "add", "gate-1", "--stack", "north"]) == 0
    assert "execute-api" in capsys.readouterr().out
    assert "camera#gate-1" in verb.items()


def test_no_key_is_made_where_no_one_knows_where_cameras_push(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["camera", "add", "gate-1", "--registry-table", TABLE, "--states-table", "states"]) == 2
    assert "no one said where cameras push; name it with --push-url" in capsys.readouterr().err
    assert verb.items() == {}


@pytest.fixture
def door(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[Any]]]:
    """A door that knows a key after its first refusal, and notes signs of life."""
    asked: list[Any] = []
    app = Flask(__name__)

    @app.post("/push")
    def push() -> tuple[str, int]:
        proof = request.authorization
        assert proof is not None
        asked.append((proof.username, proof.password, request.content_type, len(request.data)))
        camera = verb.camera("gate-1")
        secret, now = str(proof.password), datetime.now(UTC)
        if len(asked) == 1 or not any(each.proves(secret, now) for each in camera.credentials):
            return '{"error": {"code": "Unauthorized"}}', 401
        verb.note("gate-1", last_seen=int(now.timestamp()))
        return '{"bbox_coords": []}', 200

    monkeypatch.setattr(trial, "_UNKNOWN_STILL_S", (0, 0.1))
    with HttpServer(app) as server:
        yield f"{server.url}/push", asked


@pytest.mark.processes
def test_a_trial_leaves_no_key(verb: Verb, door: tuple[str, list[Any]]) -> None:
    url, asked = door
    verb.json("add", "gate-1")
    before = verb.items()
    assert verb("test", "gate-1", "--push-url", url) == 0
    assert "200 in" in verb.said
    assert '{"bbox_coords": []}' in verb.said
    assert "seen 0 s ago" in verb.said or "seen 1 s ago" in verb.said
    assert [each[0] for each in asked] == ["gate-1", "gate-1"]
    assert asked[0][2:] == ("image/jpeg", trial.TEST_FRAME.stat().st_size)
    after = verb.items()
    assert set(after) == set(before)
    assert after["camera#gate-1"]["credentials"] == before["camera#gate-1"]["credentials"]


@pytest.mark.processes
def test_a_trial_with_the_cameras_own_key(verb: Verb, door: tuple[str, list[Any]]) -> None:
    url, asked = door
    told = verb.json("add", "gate-1")
    verb.json("rotate", "gate-1")
    assert verb("test", "gate-1", "--push-url", url) == 2
    assert "'gate-1' has two keys already; name one of them with --key" in verb.complained
    assert verb("test", "gate-1", "--push-url", url, "--key", told["key"]) == 1  # the door's first answer
    assert "401 in" in verb.said
    assert verb.json("test", "gate-1", "--push-url", url, "--key", told["password"])["status"] == 200
    assert {each[:2] for each in asked} == {("gate-1", told["password"])}
    verb.json("disable", "gate-1")
    assert verb("test", "gate-1", "--push-url", url) == 2
    assert "'gate-1' is disabled; enable it first" in verb.complained


def _used(event_name: str, params: dict[str, Any]) -> set[tuple[str, str]]:
    """Permissions that a call needs, each with its table."""
    operation = event_name.rpartition(".")[2]
    if operation == "TransactWriteItems":
        actions = [pair for each in params["TransactItems"] for pair in each.items()]
        return {(f"dynamodb:{kind}Item", action["TableName"]) for kind, action in actions}
    tables = params.get("RequestItems", [params.get("TableName")])
    return {(f"dynamodb:{operation}", table) for table in tables}


@pytest.mark.parametrize("page", ["docs/operations/cameras.md", "docs/operations/cameras_CN.md"])
def test_the_policy_of_the_page_is_what_the_verb_needs(
    verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    used: set[tuple[str, str]] = set()

    class Recorded(Registry):
        def __init__(self, client: Any, *, table: str, states: str) -> None:
            super().__init__(client, table=table, states=states)
            client.meta.events.register("before-parameter-build.dynamodb", self.record)

        def record(self, event_name: str, params: dict[str, Any], **_: Any) -> None:
            used.update(_used(event_name, params))

    monkeypatch.setattr(place, "Registry", Recorded)
    file = tmp_path / "cameras.csv"
    file.write_text(CSV)
    for words in (
        ["add", "gate-9", "--principal", ROLE],
        ["rotate", "gate-9"],
        ["set", "gate-9", "site=x", "principal="],
        ["set", "--fleet", "keep=nothing"],
        ["set", "--fleet", "keep="],
        ["import", str(file), "--secrets", str(tmp_path / "keys")],
        ["list"],
        ["show", "gate-9"],
        ["disable", "gate-9"],
        ["remove", "gate-9"],
    ):
        assert verb(*words) == 0, verb.complained
    text = (places.REPOSITORY / page).read_text(encoding="utf-8")
    statements = json.loads(text.split("```json\n")[1].split("```")[0])["Statement"]
    tables = {"CAMERA_REGISTRY_TABLE": TABLE, "CAMERA_STATES_TABLE": STATES}
    assert used == {
        (action, tables[statement["Resource"].rpartition("/")[2]])
        for statement in statements[1:]
        for action in statement["Action"]
    }


def test_a_change_by_another_at_the_same_time_is_not_undone(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    verb.json("add", "gate-1")
    stale = verb.camera("gate-1")
    verb.json("set", "gate-1", "site=north")
    monkeypatch.setattr(Registry, "required", lambda *_: stale)
    for words in (["set", "gate-1", "site=south"], ["disable", "gate-1"], ["rotate", "gate-1"]):
        assert verb(*words) == 2
        assert verb.complained == "ipc-ai camera: 'gate-1' was changed meanwhile by another; call it again\n"
    assert verb.camera("gate-1").site == "north"
    assert len(verb.items()) == 2


def test_profiles_are_set_for_a_camera_a_tag_and_the_fleet(verb: Verb) -> None:
    verb.json("add", "gate-1", "--tags", "gate")
    verb.json("set", "--fleet", "keep=nothing", "classes=person")
    verb.json("set", "--tag", "gate", "keep=detections")
    verb.json("set", "gate-1", "min_confidence=0.5", "regions=[[[0,0],[1,0],[1,1]]]")
    shown = verb.json("show", "gate-1")["profile"]
    rows = {row["name"]: (row["value"], row["from"]) for row in shown if row["from"] != "default"}
    assert rows == {
        "min_confidence": (0.5, "camera"),
        "regions": ([[[0, 0], [1, 0], [1, 1]]], "camera"),
        "keep": ("detections", "tag gate"),
        "classes": (["person"], "fleet"),
    }
    for whose in (["gate-1"], ["--tag", "gate"], ["--fleet"]):
        assert verb("set", *whose, "min_confidence=5") == 2
        assert "'min_confidence' must be a number from 0 to 1" in verb.complained
    verb.json("set", "--tag", "gate", "keep=")
    assert "profile#tag#gate" not in verb.items()


def _event(url: str = PUSH_URL, **headers: str) -> dict[str, Any]:
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    identity = {"sourceIp": "192.0.2.1", "userArn": headers.pop("signer", None)}
    event = proxy_event(b"", path="/push", **headers)
    return event | {"queryStringParameters": query, "requestContext": event["requestContext"] | {"identity": identity}}


def test_the_door_lets_in_what_was_added_and_refuses_what_was_ended(verb: Verb) -> None:
    """The function's own code reads what the verb wrote."""

    def camera(**sent: str) -> str:
        entrance = Door(identity_registry.Registry(verb.client, TABLE), Refusals(verb.client, STATES))
        proven = entrance.opened(as_request(_event(**sent)), is_signed="signer" in sent)
        assert proven is not None
        return proven.camera.camera_id

    def basic(user: str, password: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}

    first, second = verb.json("add", "gate-1"), verb.json("add", "00:1a:2b", "--vendor", "qtech")
    assert second["user"] == second["key"][:10]
    for name, told in (("gate-1", first), ("00:1a:2b", second)):
        ways = [
            basic(told["user"], told["password"]),
            {"x_api_key": told["key"]},
            {"url": f"{PUSH_URL}?k={told['key']}"},
        ]
        assert [camera(**way) for way in ways] == [name] * 3
    assert camera(url=second["fields"]["URL"]) == "00:1a:2b"
    new = verb.json("rotate", "gate-1")
    assert [camera(x_api_key=told["key"]) for told in (first, new)] == ["gate-1"] * 2
    last = verb.json("rotate", "gate-1", "--now")
    assert camera(x_api_key=last["key"]) == "gate-1"
    for told in (first, new):
        with pytest.raises(UnauthorizedError):
            camera(x_api_key=told["key"])
    verb.json("disable", "gate-1")
    with pytest.raises(ForbiddenError):
        camera(x_api_key=last["key"])
    verb.json("remove", "gate-1")
    with pytest.raises(UnauthorizedError):
        camera(x_api_key=last["key"])
    verb.json("add", "signer", "--principal", "arn:aws:iam::111122223333:role/of/cameras/gate")
    assert camera(signer="arn:aws:sts::111122223333:assumed-role/gate/session") == "signer"
