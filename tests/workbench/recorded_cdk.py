"""Stub of the CDK command line that records how it was called."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import json, os, pathlib, signal, sys, time
record = pathlib.Path({record!r})
def end(number, _):
    record.with_suffix(".signal").write_text(signal.Signals(number).name)
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
record.write_text(json.dumps(sys.argv[1:]))
print("the CDK's own progress")
time.sleep({seconds})
{then}
sys.exit({code})
"""


class RecordedCdk:
    """Stub of the CDK command line.

    Attributes:
        path: the program.
    """

    def __init__(self, folder: Path, *, code: int = 0, seconds: float = 0, then: str = "") -> None:
        """Writes the program.

        Args:
            folder: the folder for it.
            code: its exit code.
            seconds: its duration.
            then: Python code that it runs at its end.
        """
        self.path = folder / "cdk"
        self._record = folder / "cdk.json"
        self.path.write_text(
            _PROGRAM.format(python=sys.executable, record=str(self._record), seconds=seconds, then=then, code=code)
        )
        self.path.chmod(0o755)

    @property
    def words(self) -> list[str] | None:
        """Arguments of its call; None when it was not called."""
        return json.loads(self._record.read_text()) if self._record.exists() else None

    @property
    def signal(self) -> str:
        """Name of the signal that ended it."""
        return self._record.with_suffix(".signal").read_text()
