"""Try uploaded files again that did not become events: move their messages from the dead-letter queue to the queue."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from workbench import regions
from workbench.deployment.account import Account, saying_in_one_sentence
from workbench.deployment.dead_letters import DeadLetters, Letter, Moved
from workbench.errors import ReplayError

_DEFAULT_STACK = "ipc-ai-saas"
_OUTPUTS = ("IngestQueueUrl", "IngestDeadLetterQueueUrl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "--stack", default=_DEFAULT_STACK, help=f"the stack, whose outputs name the queues (default: {_DEFAULT_STACK})"
    )
    parser.add_argument("--queue-url", help="the queue, instead of a stack; with --dead-letter-queue-url")
    parser.add_argument("--dead-letter-queue-url", help="its dead-letter queue; with --queue-url")
    parser.add_argument(
        "--region",
        type=regions.argument,
        help="region of the stack (default: that of this machine's AWS configuration)",
    )
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--dry-run", action="store_true", help="only say what is there and why; nothing is moved")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Show or move the messages; return 1 when some could not be moved."""
    console = Console(stderr=arguments.json)
    account = Account(profile=arguments.profile, region=arguments.region)
    with saying_in_one_sentence():
        queue, dead_letter_queue = _queues(arguments, account)
        letters = DeadLetters(account.client("sqs"), url=dead_letter_queue, queue_url=queue)
        if arguments.dry_run:
            _report(arguments, console, "files that would be tried again", letters.look())
            return 0
        moved = _move(letters, console)
    _report(arguments, console, "files that are tried again", moved.moved, moved)
    return 1 if moved.failed or moved.returned else 0


def _queues(arguments: argparse.Namespace, account: Account) -> tuple[str, str]:
    """URLs of the source queue and its dead-letter queue."""
    given = (arguments.queue_url, arguments.dead_letter_queue_url)
    if any(given):
        if not all(given):
            raise ReplayError("--queue-url and --dead-letter-queue-url go together; name both, or a --stack")
        return given
    stack = account.stack(arguments.stack)
    if stack is None:
        raise ReplayError(
            f"AWS did not answer as hoped: there is no stack {arguments.stack} in {account.region}; name it with "
            "--stack"
        )
    if not set(_OUTPUTS) <= set(stack.outputs):
        raise ReplayError(f"the stack {arguments.stack} takes no uploaded files; deploy it with ingestFromS3=Yes")
    return stack.outputs[_OUTPUTS[0]], stack.outputs[_OUTPUTS[1]]


def _move(letters: DeadLetters, console: Console) -> Moved:
    columns = (TextColumn("messages moved:"), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("", total=None)
        return letters.move(lambda count: shown.advance(task, count))


def _report(
    arguments: argparse.Namespace,
    console: Console,
    what: str,
    letters: Sequence[Letter],
    moved: Moved | None = None,
) -> None:
    moved = moved or Moved()
    stayed = {"failed again at once and stay": moved.returned, "not taken by the queue, and stay": moved.failed}
    if arguments.json:
        print(
            json.dumps(
                {
                    "dry_run": arguments.dry_run,
                    "messages": [_described(letter) for letter in letters],
                    "stayed": [_described(letter) for kept in stayed.values() for letter in kept],
                },
                indent=2,
            )
        )
        return
    console.print(f"{what}: {len(letters)}", highlight=False)
    _show(console, letters)
    for how, kept in stayed.items():
        if kept:
            console.print(f"{how}: {len(kept)}", highlight=False)
            _show(console, kept)


def _described(letter: Letter) -> dict[str, Any]:
    return {"files": list(letter.files), "code": letter.code, "reason": letter.reason}


def _show(console: Console, letters: Sequence[Letter]) -> None:
    if not letters:
        return
    table = Table("file", "code", "why it was given up")
    for letter in letters:
        # Cameras choose the keys, so their markup and control characters are kept from the terminal.
        cells = ("\n".join(letter.files) or "(no notification of S3)", letter.code, letter.reason)
        table.add_row(*(escape("".join(c if c.isprintable() or c == "\n" else "?" for c in cell)) for cell in cells))
    console.print(table)
