"""Check of a name that no rule of CloudFormation can make, because rules know no patterns."""

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
