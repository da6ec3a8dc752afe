"""Finds the application's module and its four hooks.

A built-in application is chosen by ``APPLICATION_TYPE``. The serving core knows nothing else of it, so
a user's own module takes the same place.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import catalogue
from serving.errors import ModelLoadError

_BUILT_IN = {
    "face-detection": "applications.detection",
    "body-detection": "applications.detection",
    "face-comparison": "applications.face_comparison",
}


@dataclass(frozen=True)
class Application:
    """SageMaker's four hooks.

    ``model_fn(model_dir) -> model``, ``input_fn(body, content_type) -> data``,
    ``predict_fn(data, model) -> prediction``, ``output_fn(prediction, accept) -> (body, content_type)``.
    """

    model_fn: Callable[[str], Any]
    input_fn: Callable[[bytes, str | None], Any]
    predict_fn: Callable[[Any, Any], Any]
    output_fn: Callable[[Any, str | None], tuple[bytes, str]]


def find(application_type: str) -> Application:
    """The hooks of an application.

    Raises:
        ModelLoadError: no such application, or this image does not hold it.
    """
    try:
        catalogue.load().application(application_type)
    except catalogue.UnknownNameError as error:
        raise ModelLoadError(str(error)) from error
    if application_type not in _BUILT_IN:
        raise ModelLoadError(f"this image does not hold the application '{application_type}' yet")
    module = importlib.import_module(_BUILT_IN[application_type])
    return Application(module.model_fn, module.input_fn, module.predict_fn, module.output_fn)
