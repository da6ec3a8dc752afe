"""Plan of a deployment, as text for a person or as a document."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.deployment import cdk_command
from workbench.deployment.resource_changes import ResourceChange
from workbench.packing.packed_model import PackedModel
from workbench.packing.packing_report import archive_lines
from workbench.recognition import plain_words


@dataclass(frozen=True)
class DeploymentPlan:
    """Plan of a deployment.

    Attributes:
        stack: the stack's name.
        region: the region, where one is chosen.
        state: the stack's present state, in words.
        values: every parameter's value after the deployment.
        before: every parameter's value before; of a new stack the defaults.
        resources: changes of resources; empty unless they were asked for.
        command: the words after ``cdk``.
        packed: the archive to upload; None without one.
    """

    stack: str
    region: str | None
    state: str
    values: Mapping[str, str]
    before: Mapping[str, str]
    resources: tuple[ResourceChange, ...]
    command: tuple[str, ...]
    packed: PackedModel | None

    @property
    def changes(self) -> dict[str, tuple[str | None, str]]:
        """Old and new value of each parameter that changes; None stands for a parameter new to the stack."""
        return {
            name: (self.before.get(name), value)
            for name, value in self.values.items()
            if self.before.get(name) != value
        }


def as_document(plan: DeploymentPlan) -> dict[str, Any]:
    """Plan for a program."""
    return {
        "stack": plan.stack,
        "region": plan.region,
        "state": plan.state,
        "archive": plan.packed and {"path": str(plan.packed.archive), "sha256": plan.packed.sha256},
        "recognised": [plain_words.document(one) for one in plan.packed.recognised] if plan.packed else [],
        "parameters": dict(plan.values),
        "changes": {name: {"before": old, "after": new} for name, (old, new) in plan.changes.items()},
        "resources": [dataclasses.asdict(change) for change in plan.resources],
        "command": cdk_command.as_typed(plan.command),
    }


def as_text(plan: DeploymentPlan, *, only_changes: bool = False) -> str:
    """Plan for a person; with ``only_changes`` neither unchanged parameters nor resources."""
    lines = [f"stack {plan.stack}{f' in {plan.region}' if plan.region else ''}: {plan.state}"]
    if plan.packed is not None:
        lines += ["model:", *(f"  {line}" for line in archive_lines(plan.packed))]
    lines.append("parameters:")
    shown = plan.changes if only_changes else plan.values
    width = max(map(len, shown), default=0)
    for name in shown:
        value = plan.values[name] or "''"
        if name in plan.changes:
            old = plan.before.get(name)
            value = f"{'(not there yet)' if old is None else old or repr('')} -> {value}"
        lines.append(f"  {name:{width}}  {value}")
    if not shown:
        lines.append("  none changes")
    if not only_changes:
        lines += _resource_lines(plan.resources)
    return "\n".join([*lines, "command:", f"  {cdk_command.as_typed(plan.command)}"])


def _resource_lines(changes: tuple[ResourceChange, ...]) -> list[str]:
    """Lines about resources: added ones are counted by type, others are listed one by one."""
    lines = ["resources:"]
    added = Counter(change.kind for change in changes if change.change == "added")
    lines += [f"  added    {count} x {kind}" for kind, count in sorted(added.items())]
    lines += [
        f"  {change.change:8} {change.kind} {change.logical_id} {', '.join(change.properties)}".rstrip()
        for change in changes
        if change.change != "added"
    ]
    return lines if changes else [*lines, "  none changes"]
