"""Instance types of SageMaker hosting that boto3 knows. A newer one may be missing, so it only suggests."""

from __future__ import annotations

import functools

import botocore.session

from ipc_ai_catalogue import nearest

_BEGINNING = "ml."
_SHAPE = "ProductionVariantInstanceType"


def nearest_type(name: str) -> str:
    """Suggest the instance type closest to a name, as ``nearest`` does; EC2's names lack the beginning."""
    return nearest(name if name.startswith(_BEGINNING) else _BEGINNING + name, _names())


@functools.cache
def _names() -> tuple[str, ...]:
    service = botocore.session.get_session().get_service_model("sagemaker")
    return tuple(service.shape_for(_SHAPE).metadata["enum"])
