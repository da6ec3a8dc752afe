"""A user's own application: ``code/inference.py`` in model.tar.gz, as in SageMaker's own containers.

The module may define ``model_fn``, ``input_fn``, ``predict_fn`` and ``output_fn``, each with or without a last
``context`` argument, or ``transform_fn`` instead of the last three; and ``pre_model_fn`` and ``model_warmup_fn``, which
run before and after the model is loaded. ``input_fn`` may take the ``model`` as well, as in the MXNet container.
SageMaker's defaults replace missing hooks, all of them where a model is there that needs no program.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from types import ModuleType
from typing import Any

from ipc_ai_serving.engines.mxnet import defaults as mxnet_defaults
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.hooks import default_hooks, table_hooks
from ipc_ai_serving.hooks.accept import accepted
from ipc_ai_serving.hooks.answers import answer_of
from ipc_ai_serving.hooks.context import Context
from ipc_ai_serving.hooks.messages import Answer
from ipc_ai_serving.hooks.user_packages import PROGRAM, code_folder
from ipc_ai_serving.requests.content import media_type
from ipc_ai_serving.settings import settings

_DEFAULTS = (default_hooks, table_hooks)
_TEXT_TYPES = frozenset({"application/json", "text/csv", "text/plain"})


class UserHooks:
    """The hooks of a user's module, with the arguments that the serving core passes.

    Attributes:
        context: what hooks may take beside their arguments; it must be told of each request.
    """

    def __init__(self, module: ModuleType, model_dir: Path) -> None:
        self.context = _context(model_dir, module.__name__)
        hook = functools.partial(_hook, module, self.context)
        self._model: Any = None
        self._transform = hook("transform_fn", 4)
        self._before_model = hook("pre_model_fn", 1)
        own_model = hook("model_fn", 1)
        defaults = default_hooks if own_model else _defaults(model_dir)
        self._load_model = own_model or defaults.model_fn
        self._warm_up = hook("model_warmup_fn", 2)
        own_input = hook("input_fn", 2, model=lambda: self._model)
        self._input = own_input or defaults.input_fn
        self._feeds_mxnet = own_input is None
        self._predict = hook("predict_fn", 2) or (defaults.predict_fn if own_input else defaults.predict_sent_data)
        self._output = hook("output_fn", 2) or defaults.output_fn

    @classmethod
    def load(cls, model_dir: Path, *, code_dir: Path | None = None, program: str = PROGRAM) -> UserHooks:
        """Import the user's module; a model that the default hooks load needs none.

        Raises:
            ModelLoadError: there is neither a module nor such a model.
        """
        folder = code_folder(model_dir, code_dir, program)
        name = program.removesuffix(".py")
        if folder is None and any(each.finds_model(model_dir) for each in _DEFAULTS):
            return cls(ModuleType(name), model_dir)
        if folder is None:
            raise ModelLoadError(
                f"a custom application needs {model_dir}/code/{program}, and there is none, nor one model of a table "
                "(NAME.onnx); 'ipc-ai package' takes a program of another name"
            )
        sys.path.insert(0, str(folder))
        spec = importlib.util.spec_from_file_location(name, folder / program)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return cls(module, model_dir)

    def model_fn(self, model_dir: str) -> Any:
        """Load the user's model and warm it up."""
        if self._before_model:
            self._before_model(model_dir)
        model = self._load_model(model_dir)
        if self._warm_up:
            self._warm_up(model_dir, model)
        self._model = model
        return model

    def input_fn(self, body: bytes, content_type: str | None) -> Any:
        """Pass text types to the user's hook as text, as SageMaker's containers do, and others as bytes."""
        kind = media_type(content_type, body)
        data = _text(body) if kind in _TEXT_TYPES else body
        return (data, kind) if self._transform else self._input(data, kind)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """Predict, or return the arguments of ``transform_fn``, which runs in ``output_fn``."""
        if self._transform:
            return model, *data
        return self._predict(mxnet_defaults.fed(data, model) if self._feeds_mxnet else data, model)

    def output_fn(self, prediction: Any, accept: str | None) -> Answer:
        """Encode the user's answer: a body, a body with its content type, or a response of Flask's."""
        wanted = accepted(accept)
        encoded = self._transform(*prediction, wanted) if self._transform else self._output(prediction, wanted)
        return self.context.finished(answer_of(encoded, wanted))


def _defaults(model_dir: Path) -> ModuleType:
    """Module of the default hooks that load the model in the folder."""
    return next((each for each in _DEFAULTS if each.finds_model(model_dir)), default_hooks)


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _context(model_dir: Path, program: str) -> Context:
    torch = sys.modules.get("torch")
    gpu_id = 0 if torch is not None and torch.cuda.is_available() else None
    properties = {"model_dir": str(model_dir), "gpu_id": gpu_id}
    return Context(properties, model_name=settings().reported_model, program=program)


def _hook(
    module: ModuleType, context: Context, name: str, arguments: int, **further: Callable[[], Any]
) -> Callable[..., Any] | None:
    """The module's hook, called with ``arguments`` arguments. A further one is passed by its name, else the context."""
    hook: Callable[..., Any] | None = getattr(module, name, None)
    if hook is None:
        return None
    try:
        signature = inspect.signature(hook)
    except ValueError:  # written in C, without a signature: max, for example
        return hook
    takes = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    given_by_name: dict[str, Callable[[], Any]] = {"context": lambda: context, **further}
    last = takes[-1] if len(takes) == arguments + 1 else None
    if last is not None and (last.name in given_by_name or last.default is Parameter.empty):
        give = given_by_name[last.name if last.name in given_by_name else "context"]
        return lambda *given: hook(*given, give())
    return hook
