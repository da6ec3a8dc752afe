"""Lambda functions of the rendered template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.template.rendered_resources import named


@dataclass(frozen=True)
class RenderedFunction:
    """Lambda function. Memory is in MiB, the timeout in seconds; no reserved concurrency is None."""

    name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    memory_mib: int
    timeout_seconds: int
    reserved_concurrency: int | None = None


def rendered_functions(resources: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, RenderedFunction]:
    """Functions by their handlers."""
    functions = [
        RenderedFunction(
            name=names[logical_id],
            code=Path(resource["Metadata"]["aws:asset:path"]),
            handler=resource["Properties"]["Handler"],
            environment=named(resource["Properties"]["Environment"]["Variables"], names),
            memory_mib=int(resource["Properties"]["MemorySize"]),
            timeout_seconds=int(resource["Properties"]["Timeout"]),
            reserved_concurrency=int(resource["Properties"].get("ReservedConcurrentExecutions") or 0) or None,
        )
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    return {function.handler: function for function in functions}
