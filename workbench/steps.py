"""Progress of a verb on the terminal: its present step and the step's duration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


@contextmanager
def waiting(description: str) -> Iterator[None]:
    """Show on a terminal what takes its time, and how long already; nothing is left of it at the end."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        shown.add_task(description, total=None)
        yield


class Steps:
    """Steps on the terminal, a line of standard error for each, so that standard output holds only the result."""

    def __init__(self, *, quiet: bool = False) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        console = Console(stderr=True)
        self._progress = Progress(*columns, console=console, disable=quiet or not console.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> Steps:
        self._progress.start()
        return self

    def next(self, description: str) -> None:
        """End the step before and start another."""
        self._end()
        self._task = self._progress.add_task(description, total=1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end()
        self._progress.stop()

    def _end(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=1)
