"""Image that a deployment runs, so that the CDK builds and pushes no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.template.rendered_template import render_template

# Conditions of stacks/assets/container_images.py, in the order in which they decide; the rest is for the CPU.
_BY_CONDITION = {"ImagesIsNamed": "none", "ImagesIsCustom": "customized", "ImagesUsesGpu": "gpu"}


def chosen(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> str:
    """Name the image that the parameters choose: ``cpu``, ``gpu``, ``customized``, or ``none`` of those built here.

    Args:
        template: the template with all images.
        values: values of all parameters.
        region: the region, which decides the partition.
    """
    conditions = render_template(template, values, region)["Conditions"]
    for beginning, image in _BY_CONDITION.items():
        if any(holds for name, holds in conditions.items() if name.startswith(beginning)):
            return image
    return "cpu"
