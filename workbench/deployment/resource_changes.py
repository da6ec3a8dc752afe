"""Changes of resources by a deployment, from the two rendered templates, without a call to AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.template.parameters import declared_parameters
from workbench.template.rendered_template import render_template


@dataclass(frozen=True)
class ResourceChange:
    """Resource that is ``added``, ``removed`` or ``changed``, and the names of the properties that change."""

    change: str
    kind: str
    logical_id: str
    properties: tuple[str, ...] = ()


def rendered_resources(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> dict[str, Any]:
    """Resources of the template rendered for the values, by logical id.

    Args:
        template: the template.
        values: values of parameters; names unknown to the template are left out.
        region: the region, which decides the partition.
    """
    declared = declared_parameters(template)
    known = {name: value for name, value in values.items() if name in declared}
    resources: dict[str, Any] = render_template(template, known, region)["Resources"]
    return resources


def resource_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ResourceChange]:
    """Changes from one rendering to another. Names that AWS gives to replaced resources are not followed."""
    changes = [ResourceChange("added", after[name]["Type"], name) for name in after.keys() - before.keys()]
    changes += [ResourceChange("removed", before[name]["Type"], name) for name in before.keys() - after.keys()]
    for name in before.keys() & after.keys():
        old, new = (resources[name].get("Properties", {}) for resources in (before, after))
        differing = tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))
        if differing:
            changes.append(ResourceChange("changed", after[name]["Type"], name, differing))
    return sorted(changes, key=lambda change: (change.change, change.kind, change.logical_id))
