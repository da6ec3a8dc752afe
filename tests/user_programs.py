"""Loading and calling of a user's own program, as in the server."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving.hooks.user_application import UserHooks


def load_hooks(folder: Path, source: str = "") -> UserHooks:
    """Writes the source to ``code/inference.py`` of a model folder and loads its hooks."""
    (folder / "code").mkdir()
    (folder / "code" / "inference.py").write_text(source)
    return UserHooks.load(folder)


def answer_of(hooks: UserHooks, folder: Path, body: bytes, content_type: str, accept: str | None = None) -> Any:
    """Body and content type of the hooks' answer to one request."""
    model = hooks.model_fn(str(folder))
    answer = hooks.output_fn(hooks.predict_fn(hooks.input_fn(body, content_type), model), accept)
    return answer.body, answer.content_type


@contextmanager
def without_users_modules() -> Iterator[None]:
    """Forgets the modules and the path of users' programs at its end."""
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in ("inference", "mine"):
            sys.modules.pop(name, None)


def npy(values: Any) -> bytes:
    """Values in NumPy's file format."""
    with io.BytesIO() as file:
        np.save(file, np.asarray(values))
        return file.getvalue()
