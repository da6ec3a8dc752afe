"""Find the application's module and its four hooks.

A built-in application is chosen by ``APPLICATION_TYPE``; ``custom`` is the user's own module. The serving core
needs no other knowledge of either.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.hooks.user_application import UserHooks
from ipc_ai_serving.hooks.user_packages import PROGRAM

_COMPARISON = "ipc_ai_serving.applications.face_comparison"
_DETECTION = "ipc_ai_serving.applications.detection"


@dataclass(frozen=True)
class Application:
    """SageMaker's four hooks.

    ``model_fn(model_dir) -> model``, ``input_fn(body, content_type) -> data``,
    ``predict_fn(data, model) -> prediction``, ``output_fn(prediction, accept) -> (body, content_type)``.
    ``shares_model`` is True where several threads may predict with the model at once.
    """

    model_fn: Callable[[str], Any]
    input_fn: Callable[[bytes, str | None], Any]
    predict_fn: Callable[[Any, Any], Any]
    output_fn: Callable[[Any, str | None], tuple[bytes, str]]
    shares_model: bool = False


def find(
    application_type: str, model_dir: Path, *, code_dir: Path | None = None, program: str = PROGRAM
) -> Application:
    """Find the hooks of an application.

    Args:
        application_type: its name.
        model_dir: folder in which model.tar.gz is unpacked.
        code_dir: further folder to search for a user's own program.
        program: file name of a user's own program.

    Raises:
        ModelLoadError: no such application, or the user's module is missing or incomplete.
    """
    try:
        catalogue.load().application(application_type)
    except catalogue.UnknownNameError as error:
        raise ModelLoadError(str(error)) from error
    if application_type == CUSTOM:
        user = UserHooks.load(model_dir, code_dir=code_dir, program=program)
        return Application(user.model_fn, user.input_fn, user.predict_fn, user.output_fn)
    module = importlib.import_module(_COMPARISON if application_type == FACE_COMPARISON else _DETECTION)
    return Application(module.model_fn, module.input_fn, module.predict_fn, module.output_fn, shares_model=True)
