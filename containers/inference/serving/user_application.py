"""A user's own application: ``code/inference.py`` in model.tar.gz, as SageMaker's own containers expect it.

The module may define ``model_fn``, ``input_fn``, ``predict_fn`` and ``output_fn``, each with or without a last
``context`` argument, or ``transform_fn`` instead of the last three. What is missing is SageMaker's default.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from serving import default_hooks
from serving.content import media_type
from serving.errors import ModelLoadError
from serving.user_packages import PROGRAM, code_folder

_TEXT_TYPES = frozenset({"application/json", "text/csv", "text/plain"})


class UserHooks:
    """The four hooks of a user's module in the form that the serving core calls."""

    def __init__(self, module: ModuleType) -> None:
        self._transform = _adapted(module, "transform_fn", 4)
        self.model_fn = _required(module)
        self._input = _adapted(module, "input_fn", 2) or default_hooks.input_fn
        self._predict = _adapted(module, "predict_fn", 2) or default_hooks.predict_fn
        self._output = _adapted(module, "output_fn", 2) or default_hooks.output_fn

    @classmethod
    def load(cls, model_dir: Path) -> UserHooks:
        """Imports the user's module.

        Raises:
            ModelLoadError: there is none, or it lacks ``model_fn``.
        """
        folder = code_folder(model_dir)
        if folder is None:
            raise ModelLoadError(f"a custom application needs {model_dir}/code/{PROGRAM}, and there is none")
        sys.path.insert(0, str(folder))
        spec = importlib.util.spec_from_file_location("inference", folder / PROGRAM)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["inference"] = module
        spec.loader.exec_module(module)
        return cls(module)

    def input_fn(self, body: bytes, content_type: str | None) -> Any:
        """Text types reach the user's hook as text, as in SageMaker's containers; others as bytes."""
        kind = media_type(content_type, body)
        data = _text(body) if kind in _TEXT_TYPES else body
        return (data, kind) if self._transform else self._input(data, kind)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """The prediction, or with ``transform_fn`` what it still needs."""
        return (model, *data) if self._transform else self._predict(data, model)

    def output_fn(self, prediction: Any, accept: str | None) -> tuple[bytes, str]:
        """The user's answer: a body, or a body with its content type."""
        wanted = default_hooks.accepted(accept)
        answer = self._transform(*prediction, wanted) if self._transform else self._output(prediction, wanted)
        body, content_type = answer if isinstance(answer, tuple) else (answer, wanted)
        return body.encode() if isinstance(body, str) else bytes(body), content_type


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _required(module: ModuleType) -> Callable[[str], Any]:
    model_fn = _adapted(module, "model_fn", 1)
    if model_fn is None:
        raise ModelLoadError(f"{module.__file__} must define model_fn(model_dir), which loads the model")
    return model_fn


def _adapted(module: ModuleType, name: str, arguments: int) -> Callable[..., Any] | None:
    """The module's hook; one that takes a ``context`` as well gets None for it."""
    hook: Callable[..., Any] | None = getattr(module, name, None)
    if hook is None:
        return None
    takes = [
        parameter
        for parameter in inspect.signature(hook).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
    ]
    if len(takes) <= arguments:
        return hook
    return lambda *given: hook(*given, None)
