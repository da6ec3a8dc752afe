"""Dead-letter queue of uploaded files: lists its messages, and moves them back to the source queue.

Messages are moved one by one rather than by SQS's own StartMessageMoveTask. That task returns messages to their source
queue, and a message that the function itself dead-letters has none.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_BATCH = 10  # the limit of SQS
_HIDDEN_SECONDS = 120
_TRIED = "tried as often as the queue allows; the function's log has the reason"


@dataclass(frozen=True)
class Letter:
    """Message in the dead-letter queue.

    Attributes:
        files: keys of the files in its notification.
        code: code of the error for which the function dead-lettered it; empty when SQS moved it.
        reason: the error in a sentence.
        body: the notification.
        identity: SQS's id of the message.
        receipt: handle that deletes it or makes it visible again.
    """

    files: tuple[str, ...]
    code: str
    reason: str
    body: str
    identity: str
    receipt: str


@dataclass
class Moved:
    """Result of a replay.

    Attributes:
        moved: messages that are in the source queue again.
        returned: moved messages that failed again at once, and stay.
        failed: messages that SQS refused, and that stay.
    """

    moved: list[Letter] = field(default_factory=list)
    returned: list[Letter] = field(default_factory=list)
    failed: list[Letter] = field(default_factory=list)


class DeadLetters:
    """The dead-letter queue of a queue."""

    def __init__(self, client: Any, *, url: str, queue_url: str) -> None:
        """Take a boto3 client of SQS, and the URLs of both queues."""
        self._sqs = client
        self._url = url
        self._queue_url = queue_url

    def look(self) -> list[Letter]:
        """List all messages without removing them; meanwhile they are hidden from other consumers."""
        with self._shown_again() as seen:
            for batch in self._batches():
                shown_before = all(letter.identity in seen for letter in batch)
                seen.update({letter.identity: letter for letter in batch})
                if shown_before:  # the first ones are visible again, so there are too many for one look
                    break
            return list(seen.values())

    def move(self, progress: Callable[[int], None]) -> Moved:
        """Move all messages back. Each is sent before it is deleted, so an interruption may double one and loses none.

        Args:
            progress: called with the number of messages moved by each batch.
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
        """Receive batches of visible messages until none is left."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=2,  # long polling, which asks all of SQS's servers
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            yield [_letter(message) for message in messages]

    @contextmanager
    def _shown_again(self) -> Iterator[dict[str, Letter]]:
        """Collect messages, and make them visible again at the end, also after an error."""
        letters: dict[str, Letter] = {}
        try:
            yield letters
        finally:
            for letter in letters.values():
                self._sqs.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
                )

    def _send(self, letters: list[Letter]) -> list[Letter]:
        """Send to the source queue and return the accepted letters."""
        if not letters:
            return []
        entries = [{"Id": str(number), "MessageBody": letter.body} for number, letter in enumerate(letters)]
        answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        return [letters[int(taken["Id"])] for taken in answer.get("Successful", [])]

    def _delete(self, letters: list[Letter]) -> None:
        """Delete the letters; one that stays is replayed once more, without effect."""
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
    """Keys in a notification of S3; none when the body is something else."""
    try:
        records = json.loads(body)["Records"]
        return tuple(urllib.parse.unquote_plus(record["s3"]["object"]["key"]) for record in records)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _content(letter: Letter) -> str:
    """Notification in a comparable form, because the function serialises it anew when it dead-letters it."""
    try:
        return json.dumps(json.loads(letter.body), sort_keys=True)
    except (ValueError, RecursionError):
        return letter.body
