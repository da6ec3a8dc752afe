"""A dead-letter queue of uploaded files: look at its messages, and move them back to the queue they came from.

Message by message rather than by SQS's own StartMessageMoveTask: that sends messages where they came from, and what the
function itself puts there, because no attempt would help, came from no queue.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_BATCH = 10  # SQS takes no more
_HIDDEN_SECONDS = 120
_TRIED = "tried as often as the queue allows; the function's log has the reason"


@dataclass(frozen=True)
class Letter:
    """A message in the queue.

    Attributes:
        files: keys of the files that it tells of.
        code: of the error for which it was given up; empty when SQS moved it.
        reason: a sentence.
        body: the notification.
        identity: SQS's id of the message.
        receipt: what deletes it or shows it again.
    """

    files: tuple[str, ...]
    code: str
    reason: str
    body: str
    identity: str
    receipt: str


@dataclass
class Moved:
    """What a replay did.

    Attributes:
        moved: messages that are in the queue again.
        returned: messages that were moved, failed again at once, and stay.
        failed: messages that SQS did not take, and that stay.
    """

    moved: list[Letter] = field(default_factory=list)
    returned: list[Letter] = field(default_factory=list)
    failed: list[Letter] = field(default_factory=list)


class DeadLetters:
    """The dead-letter queue of a queue."""

    def __init__(self, client: Any, *, url: str, queue_url: str) -> None:
        """Takes a boto3 client of SQS, and the URLs of both queues."""
        self._sqs = client
        self._url = url
        self._queue_url = queue_url

    def look(self) -> list[Letter]:
        """All messages, which stay; while it looks they are hidden from others."""
        with self._shown_again() as seen:
            for batch in self._batches():
                shown_before = all(letter.identity in seen for letter in batch)
                seen.update({letter.identity: letter for letter in batch})
                if shown_before:  # those that were hidden first can be seen again: there are too many for one look
                    break
            return list(seen.values())

    def move(self, progress: Callable[[int], None]) -> Moved:
        """Moves all messages back. Each is sent before it is deleted: an interruption may double one and loses none.

        Args:
            progress: is told how many messages were moved with each batch.
        """
        done = Moved()
        sent_before: set[str] = set()
        with self._shown_again() as kept:
            for batch in self._batches():
                returned = [letter for letter in batch if _content(letter) in sent_before]
                fresh = [letter for letter in batch if letter not in returned and letter.identity not in kept]
                done.returned += [letter for letter in returned if letter.identity not in kept]
                kept.update({letter.identity: letter for letter in returned})
                sent = self._send(fresh)
                sent_before.update(_content(letter) for letter in sent)
                self._delete(sent)
                failed = [letter for letter in fresh if letter not in sent]
                kept.update({letter.identity: letter for letter in failed})
                done.failed += failed
                done.moved += sent
                progress(len(sent))
        return done

    def _batches(self) -> Iterator[list[Letter]]:
        """What is visible, until nothing is."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=2,  # asks all of SQS's servers
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            yield [_letter(message) for message in messages]

    @contextmanager
    def _shown_again(self) -> Iterator[dict[str, Letter]]:
        """Collects messages, and lets others see them again at the end, however it comes."""
        letters: dict[str, Letter] = {}
        try:
            yield letters
        finally:
            for letter in letters.values():
                self._sqs.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
                )

    def _send(self, letters: list[Letter]) -> list[Letter]:
        """Sends to the queue; returns those that it took."""
        if not letters:
            return []
        entries = [{"Id": str(number), "MessageBody": letter.body} for number, letter in enumerate(letters)]
        answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        return [letters[int(taken["Id"])] for taken in answer.get("Successful", [])]

    def _delete(self, letters: list[Letter]) -> None:
        """Deletes; one that stays is replayed again another time, which changes nothing."""
        if letters:
            entries = [{"Id": str(number), "ReceiptHandle": letter.receipt} for number, letter in enumerate(letters)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _letter(message: dict[str, Any]) -> Letter:
    attributes = message.get("MessageAttributes", {})
    return Letter(
        files=_files(message["Body"]),
        code=attributes.get("Code", {}).get("StringValue", ""),
        reason=attributes.get("Reason", {}).get("StringValue", _TRIED),
        body=message["Body"],
        identity=message["MessageId"],
        receipt=message["ReceiptHandle"],
    )


def _files(body: str) -> tuple[str, ...]:
    """The keys that a notification of S3 names; none when it is something else."""
    try:
        records = json.loads(body)["Records"]
        return tuple(urllib.parse.unquote_plus(record["s3"]["object"]["key"]) for record in records)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _content(letter: Letter) -> str:
    """The same for a notification however it is written: the function writes anew what it gives up."""
    try:
        return json.dumps(json.loads(letter.body), sort_keys=True)
    except (ValueError, RecursionError):
        return letter.body
