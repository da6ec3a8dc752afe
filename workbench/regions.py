"""Regions that the stack can be deployed to, for ``--region`` and for the region of a profile."""

from __future__ import annotations

import argparse
import functools
import itertools
from collections.abc import Iterable

from ipc_ai_catalogue import nearest
from workbench.errors import RegionError

_CLOSE = 0.52
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
WITHOUT_HOSTING = frozenset({"us-gov-east-1", "me-central-1"})
"""Regions whose CloudFormation has no types for SageMaker's models and endpoints, by its schemas of each region.

https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cfn.html refers to these for what a region has, and
https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-appas.html names us-gov-east-1 for scaling, too.
"""


def require_usable(region: str) -> None:
    """Check a region.

    Raises:
        RegionError: it is unknown, or the stack cannot be deployed to it.
    """
    usable = [name for name in _known() if name not in WITHOUT_HOSTING]
    if region in WITHOUT_HOSTING:
        area = region.rsplit("-", 2)[0]
        near = next((name for name in usable if name.startswith(f"{area}-")), usable[0])
        raise RegionError(f"CloudFormation has no SageMaker endpoints in {region}; take another region, such as {near}")
    if region not in usable:
        raise RegionError(f"there is no region '{region}'{_near(region, usable)}; known: {', '.join(usable)}")


def _near(region: str, usable: Iterable[str]) -> str:
    """Suggest a region with which a mistyped one shares more than single letters and the number."""
    pairs = [pair for pair in map("".join, itertools.pairwise(region)) if pair.isalpha()]
    alike = [name for name in usable if any(pair in name for pair in pairs)]
    return nearest(region, alike, cutoff=_CLOSE)


def argument(text: str) -> str:
    """Type of an argument that names a region."""
    try:
        require_usable(text)
    except RegionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


@functools.cache
def _known() -> list[str]:
    """Regions of the partitions that the stack is made for, as botocore lists them for SageMaker."""
    from botocore.session import Session

    session = Session()
    return [region for name in _PARTITIONS for region in session.get_available_regions("sagemaker", name)]
