"""Commands as a user types them: messages print them so that they work when pasted into the same shell."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from workbench import places

NAME = "ipc-ai"
"""Name of the installed command, with which usage and errors begin."""


def command(*words: str) -> str:
    """Return a call of this program with the given words."""
    return shlex.join([*_program(), *words])


def fetch(model: str, store: Path) -> str:
    """Return the call that puts a model into a store."""
    return command("fetch", model, *([] if store == places.MODEL_STORE else ["--store", str(store)]))


def in_repository(*words: str) -> str:
    """Return a call of another program, such as ``make`` and ``npx``, that works in the repository's root alone."""
    call = shlex.join(words)
    return call if Path.cwd() == places.REPOSITORY else f"{shlex.join(['cd', str(places.REPOSITORY)])} && {call}"


def _program() -> list[str]:
    """Return the shortest name of the installed command; in an image's build it is not installed."""
    installed = Path(sys.executable).with_name(NAME)
    if not installed.is_file():
        return [sys.executable, "-m", "workbench"]
    if shutil.which(NAME) == str(installed):
        return [NAME]
    here = Path.cwd()
    # A name without a slash is looked for on the path alone.
    return [str(installed.relative_to(here) if here in installed.parents[1:] else installed)]
