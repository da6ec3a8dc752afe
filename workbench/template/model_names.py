"""Names of models as parameters: a check and an advice that no rule of CloudFormation can give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON
from workbench.errors import ParameterError

_PAIR = "faceDetectAndCompareModelName"
_RULE = "FaceComparisonModel"  # absent where an image of the operator's own runs for such names


def require_pair(template: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Check that a comparison by the image built here has two models: it ends without an embedder.

    Raises:
        ParameterError: the name has no ``+``, and no image of the operator's own takes it as it is.
    """
    if values.get("applicationType") != FACE_COMPARISON or _RULE not in template.get("Rules", {}):
        return
    name = values[_PAIR]
    if values["containerImageUri"] or "+" in name or name in catalogue.load().model_choices(FACE_COMPARISON):
        return
    raise ParameterError(
        f"{_PAIR} cannot be '{name}': a comparison has two models, so write {_PAIR}=DETECTOR+EMBEDDER, the names of "
        "their folders in the model.tar.gz; one name takes an image of your own, containerImageUri=IMAGE"
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
