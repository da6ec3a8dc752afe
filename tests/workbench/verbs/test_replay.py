"""Replay of dead letters, with SQS and CloudFormation emulated by moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from workbench.__main__ import main
from workbench.deployment.dead_letters import DeadLetters

pytestmark = pytest.mark.slow

TEMPLATE = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "DeadLetters": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {
        "IngestQueueUrl": {"Value": {"Ref": "Queue"}},
        "IngestDeadLetterQueueUrl": {"Value": {"Ref": "DeadLetters"}},
    },
}


class Queues:
    """Source queue and dead-letter queue of a stack."""

    def __init__(self) -> None:
        self.sqs: Any = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName="queue")["QueueUrl"]
        self.dead_letters = self.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        self.words = ["--queue-url", self.url, "--dead-letter-queue-url", self.dead_letters]

    def bury(self, number: int, **attributes: str) -> str:
        """Dead-letters the message of a file."""
        body = notification(f"incoming/camera%3D7/{number}+.jpg")
        said = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.sqs.send_message(QueueUrl=self.dead_letters, MessageBody=body, MessageAttributes=said)
        return body

    def take(self, url: str) -> list[str]:
        """Receives and deletes all visible messages of a queue; returns their bodies."""
        bodies: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


def notification(key: str) -> str:
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}}]})


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Queues()


def test_all_messages_go_back_as_they_were(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    buried = [queues.bury(number) for number in range(23)]
    assert main(["replay", *queues.words]) == 0
    assert sorted(queues.take(queues.url)) == sorted(buried)
    assert queues.take(queues.dead_letters) == []
    assert "files that are tried again: 23" in capsys.readouterr().out


def test_a_dry_run_says_why_and_moves_nothing(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.bury(1, Code="InvalidImage", Reason="the file is no JPEG [red]")
    queues.bury(2)
    assert main(["replay", "--dry-run", *queues.words]) == 0
    said = capsys.readouterr().out
    assert "files that would be tried again: 2" in said
    assert "incoming/camera=7/1 .jpg" in said
    assert "the file is no JPEG [red]" in said
    assert "tried as often as the queue allows" in said
    assert len(queues.take(queues.dead_letters)) == 2
    assert queues.take(queues.url) == []


def test_json(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.bury(1, Code="InvalidImage", Reason="the file is no JPEG")
    queues.sqs.send_message(QueueUrl=queues.dead_letters, MessageBody="hello")
    assert main(["replay", "--dry-run", "--json", *queues.words]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["dry_run"], said["stayed"]) == (True, [])
    assert sorted(said["messages"], key=lambda message: str(message["code"])) == [
        {"files": [], "code": "", "reason": "tried as often as the queue allows; the function's log has the reason"},
        {"files": ["incoming/camera=7/1 .jpg"], "code": "InvalidImage", "reason": "the file is no JPEG"},
    ]


def test_the_stacks_outputs_name_the_queues(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("cloudformation").create_stack(StackName="north-gate", TemplateBody=json.dumps(TEMPLATE))
    assert main(["replay", "--stack", "north-gate", "--region", "us-east-1"]) == 0
    assert "files that are tried again: 0" in capsys.readouterr().out


def test_a_stack_without_queues_is_said_with_what_to_do(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    without = {"Resources": TEMPLATE["Resources"]}
    boto3.client("cloudformation").create_stack(StackName="ipc-ai-saas", TemplateBody=json.dumps(without))
    assert main(["replay"]) == 2
    assert "the stack ipc-ai-saas takes no uploaded files; deploy it with ingestFromS3=Yes" in capsys.readouterr().err
    assert main(["replay", "--stack", "other"]) == 2
    assert "ipc-ai replay: AWS did not answer as hoped" in capsys.readouterr().err
    assert main(["replay", "--queue-url", "https://x"]) == 2
    assert "go together; name both, or a --stack" in capsys.readouterr().err


def test_no_region_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/there/is/none")
    assert main(["replay"]) == 2
    said = "ipc-ai replay: no region is chosen; name one with --region, or set one in the profile\n"
    assert capsys.readouterr().err == said


class Interrupted:
    """SQS that is interrupted at the first call of this name."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            raise KeyboardInterrupt
        return getattr(self._client, name)


@pytest.mark.parametrize(("call", "left"), [("send_message_batch", 3), ("delete_message_batch", 3)])
def test_an_interruption_loses_nothing(queues: Queues, call: str, left: int) -> None:
    buried = sorted(queues.bury(number) for number in range(3))
    letters = DeadLetters(Interrupted(queues.sqs, call), url=queues.dead_letters, queue_url=queues.url)
    with pytest.raises(KeyboardInterrupt):
        letters.move(lambda _: None)
    attributes = queues.sqs.get_queue_attributes(QueueUrl=queues.dead_letters, AttributeNames=["All"])["Attributes"]
    hidden = int(attributes["ApproximateNumberOfMessagesNotVisible"])
    assert hidden + int(attributes["ApproximateNumberOfMessages"]) == left
    assert sorted(queues.take(queues.url)) == (buried if call.startswith("delete") else [])


class Fails:
    """SQS with a function that dead-letters every message at once, and with a queue that refuses some."""

    def __init__(self, queues: Queues, *, refuses: str = "nothing") -> None:
        self._queues = queues
        self._refuses = refuses

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        taken = [entry for entry in Entries if self._refuses not in entry["MessageBody"]]
        for entry in taken:
            written_anew = json.dumps(json.loads(entry["MessageBody"]), indent=1)
            self._queues.sqs.send_message(QueueUrl=self._queues.dead_letters, MessageBody=written_anew)
        return {"Successful": [{"Id": entry["Id"]} for entry in taken]}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queues.sqs, name)


def test_what_fails_again_at_once_is_moved_once_and_stays(queues: Queues) -> None:
    for number in range(3):
        queues.bury(number)
    letters = DeadLetters(cast(Any, Fails(queues)), url=queues.dead_letters, queue_url=queues.url)
    moved = letters.move(lambda _: None)
    assert (len(moved.moved), len(moved.returned), len(moved.failed)) == (3, 3, 0)
    assert len(queues.take(queues.dead_letters)) == 3


def test_what_the_queue_does_not_take_stays(queues: Queues) -> None:
    for number in range(3):
        queues.bury(number)
    letters = DeadLetters(cast(Any, Fails(queues, refuses="7")), url=queues.dead_letters, queue_url=queues.url)
    moved = letters.move(lambda _: None)
    assert (len(moved.moved), len(moved.failed)) == (0, 3)
    assert len(queues.take(queues.dead_letters)) == 3


def test_a_look_at_more_than_can_stay_hidden_ends() -> None:
    """The first hidden messages become visible again before the last one was received."""

    class Endless:
        def __init__(self) -> None:
            self.received = 0

        def receive_message(self, **_: Any) -> dict[str, Any]:
            number = self.received % 7
            self.received += 1
            body = notification(f"incoming/{number}.jpg")
            return {"Messages": [{"MessageId": str(number), "Body": body, "ReceiptHandle": str(self.received)}]}

        def change_message_visibility(self, **_: Any) -> None:
            """Does nothing, because every message is visible again anyway."""

    letters = DeadLetters(Endless(), url="dead-letters", queue_url="queue").look()
    assert sorted(letter.identity for letter in letters) == ["0", "1", "2", "3", "4", "5", "6"]
