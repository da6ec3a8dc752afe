"""Find the module of a built-in application and its four hooks, by ``APPLICATION_TYPE``.

A user's own application is found by ``user_application``, in a process of its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON, IMAGE_CLASSIFICATION
from ipc_ai_serving.errors import ModelLoadError

_FOLDER = "ipc_ai_serving.applications"
_MODULES = {FACE_COMPARISON: "face_comparison", IMAGE_CLASSIFICATION: "classification"}
_DETECTION = "detection"


@dataclass(frozen=True)
class Application:
    """SageMaker's four hooks.

    ``model_fn(model_dir) -> model``, ``input_fn(body, content_type) -> data``,
    ``predict_fn(data, model) -> prediction``, ``output_fn(prediction, accept) -> (body, content_type)``.
    Several threads may call them with one model at once.
    """

    model_fn: Callable[[str], Any]
    input_fn: Callable[[bytes, str | None], Any]
    predict_fn: Callable[[Any, Any], Any]
    output_fn: Callable[[Any, str | None], tuple[bytes, str]]


def find(application_type: str) -> Application:
    """Find the hooks of a built-in application.

    Raises:
        ModelLoadError: no such application.
    """
    try:
        catalogue.load().application(application_type)
    except catalogue.UnknownNameError as error:
        raise ModelLoadError(str(error)) from error
    module = importlib.import_module(f"{_FOLDER}.{_MODULES.get(application_type, _DETECTION)}")
    return Application(module.model_fn, module.input_fn, module.predict_fn, module.output_fn)
