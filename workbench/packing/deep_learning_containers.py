"""URIs of AWS's own images for a framework: AWS Deep Learning Containers, and scikit-learn's.

The table is sagemaker-core's (``scripts/deep-learning-containers`` copies it unchanged), because accounts and tags
follow no rule. Tags are composed as by its ``image_uris.retrieve``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session

from ipc_ai_catalogue import nearest
from stacks.parameters.instance_type_names import PATTERN
from workbench.errors import PackageError
from workbench.template.instance_types import nearest_type

_TABLE = Path(__file__).with_suffix(".json")
_GPU_FAMILY = re.compile(r"ml\.[gp]\d")
_OTHER_PROCESSOR = re.compile(r"ml\.([a-z]+\d+g[a-z]*|inf\d|trn\d)")  # Graviton, Inferentia, Trainium
UNFIT = {
    "sklearn": "AWS's container for sklearn does not start here: it imports the program that the environment variable "
    "SAGEMAKER_PROGRAM names, and finds none without, and the stack sets none; leave --image dlc out, and name "
    "scikit-learn in code/requirements.txt for the image that is built here"
}
"""Reason, by framework, for which the stack cannot serve with AWS's image."""

_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def image_uri(framework: str, *, version: str | None, region: str, instance_type: str) -> str:
    """URI of the image, as ``containerImageUri`` takes it.

    Args:
        framework: one of ``frameworks()``.
        version: its version, with or without the patch; None chooses the newest.
        region: the stack's region, from which SageMaker pulls.
        instance_type: the endpoint's instance type; a family with GPUs gets the image for them.

    Raises:
        PackageError: there is no such image; the message lists the existing ones.
    """
    table = frameworks()
    if framework not in table:
        raise PackageError(
            f"AWS has no image for {framework}; leave --image dlc out, or choose one of: {', '.join(table)}"
        )
    entry, number = _version(framework, table[framework], version)
    processor = _processor(framework, table[framework].get("processors") or entry["processors"], instance_type)
    if region not in entry["registries"]:
        raise PackageError(
            f"AWS has no image for {framework} {number} in {region}{nearest(region, entry['registries'])}; name "
            "another with --region or --framework-version"
        )
    tag = [entry.get("tag_prefix", number)]
    if entry.get("processor_in_tag", True):
        tag.append(processor)
    tag += [*entry.get("py_versions", [])[-1:], *filter(None, [entry.get("container_version", {}).get(processor)])]
    host = f"{entry['registries'][region]}.dkr.ecr.{region}.{_suffix(region)}"
    return f"{host}/{entry['repository']}:{'-'.join(tag)}"


def frameworks() -> Mapping[str, Any]:
    """Table by framework: its versions, each with its registries by region."""
    document: dict[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    tables: dict[str, Any] = document["frameworks"]
    return tables


def _version(framework: str, table: Mapping[str, Any], wanted: str | None) -> tuple[Mapping[str, Any], str]:
    """The table's entry for a version, and its full number. None means the newest: the table is sorted."""
    versions, aliases = table["versions"], table.get("version_aliases", {})
    number = list(versions)[-1] if wanted is None else aliases.get(wanted, wanted)
    if number not in versions:
        raise PackageError(
            f"AWS has no image for {framework} {wanted}{nearest(number, versions)}; there is {', '.join(versions)}"
        )
    entry = versions[number]
    if "repository" not in entry:  # the entry is keyed by the version of Python
        python, entry = list(entry.items())[-1]
        entry = {**entry, "py_versions": [python]}
    return entry, number


def _processor(framework: str, available: list[str], instance_type: str) -> str:
    if not re.fullmatch(PATTERN, instance_type):
        raise PackageError(
            f"'{instance_type}' is no instance type{nearest_type(instance_type)}; write for example "
            "--instance ml.c5.xlarge"
        )
    if _OTHER_PROCESSOR.match(instance_type):
        raise PackageError(
            f"AWS's images here are for x86-64, and {instance_type} is not; choose another with --instance"
        )
    wanted = "gpu" if _GPU_FAMILY.match(instance_type) else "cpu"
    if wanted not in available:
        raise PackageError(
            f"AWS's image for {framework} runs on {' and '.join(available)} alone, and {instance_type} is for "
            f"{wanted}; choose another with --instance"
        )
    return wanted


def _suffix(region: str) -> str:
    """Suffix of hosts in the region's partition, for the partitions that the stack takes."""
    session = botocore.session.get_session()
    suffixes = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
    partition = session.get_partition_for_region(region)
    if partition not in suffixes:
        raise PackageError(f"the stack takes no image of {region}; name a region of {', '.join(_PARTITIONS)}")
    return suffixes[partition]
