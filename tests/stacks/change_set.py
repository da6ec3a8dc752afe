"""Changes of resources when parameters change, as ``cdk deploy`` would show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.stacks.rendering import rendered


def change_set(template: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """``added``, ``removed``, ``replaced`` or ``updated`` by logical id, for resources that change.

    A resource is replaced when a property changes that AWS's own schema of its type calls create-only. A property
    changes when it renders differently, or refers to a resource that is replaced and so gets another name.
    """
    old, new = rendered(template, **before), rendered(template, **after)
    changes = dict.fromkeys(new.keys() - old.keys(), "added") | dict.fromkeys(old.keys() - new.keys(), "removed")
    common = old.keys() & new.keys()
    while True:
        found = {name: _change(template, old, new, name, changes) for name in common}
        following = changes | {name: change for name, change in found.items() if change}
        if following == changes:
            return changes
        changes = following


def _change(
    template: Mapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    name: str,
    changes: Mapping[str, str],
) -> str | None:
    written = template["Resources"][name].get("Properties", {})
    was, now = (resources[name].get("Properties", {}) for resources in (old, new))
    replaced = [other for other, change in changes.items() if change == "replaced"]
    changed = {
        key
        for key in was.keys() | now.keys()
        if was.get(key) != now.get(key) or any(_refers(written.get(key), other) for other in replaced)
    }
    if not changed:
        return None
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", new[name]["Type"]).schema
    create_only = {path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", [])}
    return "replaced" if changed & create_only else "updated"


def _refers(written: Any, other: str) -> bool:
    text = json.dumps(written)
    return f'{{"Ref": "{other}"}}' in text or f'{{"Fn::GetAtt": ["{other}",' in text
