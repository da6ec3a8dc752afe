"""Names of models as parameters: a check and an advice that no rule of CloudFormation can give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from workbench.errors import ParameterError

_PAIR, _SHADOW = "faceDetectAndCompareModelName", "shadowModelName"
_RULE = "FaceComparisonModel"  # absent where an image of the operator's own runs for such names


def require_pairs(template: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Check that the image built here gets two models for a comparison, the live one and its shadow, and else one.

    Raises:
        ParameterError: a name has no ``+`` and needs one, or the reverse, and no image of the operator's own takes it.
    """
    if _RULE not in template.get("Rules", {}) or values["containerImageUri"]:
        return
    application, shadow = values["applicationType"], values.get(_SHADOW, "")
    if application == FACE_COMPARISON:
        _require_pair(_PAIR, values[_PAIR])
        if shadow:
            _require_pair(_SHADOW, shadow)
    elif "+" in shadow and application != CUSTOM:
        raise ParameterError(
            f"{_SHADOW} cannot be '{shadow}': applicationType={application} has one model; write the name of one"
        )


def _require_pair(parameter: str, name: str) -> None:
    if "+" not in name and name not in catalogue.load().model_choices(FACE_COMPARISON):
        raise ParameterError(
            f"{parameter} cannot be '{name}': a comparison has two models, so write {parameter}=DETECTOR+EMBEDDER, the "
            "names of their folders in the model.tar.gz; one name takes an image of your own, containerImageUri=IMAGE"
        )


def serving_application(parameter: str, name: str) -> str:
    """Say which application a model takes that is none of the one chosen; empty for a name of no application."""
    known = catalogue.load()
    serving = [
        f"applicationType={each.name}"
        for each in known.applications.values()
        if each.model_parameter == parameter and name in known.model_choices(each.name)
    ]
    return f" for this applicationType; write {' or '.join(serving)}" if serving else ""
