"""Lines of the log in CloudWatch's embedded metric format (EMF), from which CloudWatch makes metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Powertools writes one set of dimensions a line. An error has a code and a request has none, and each further combination
of metric and dimensions is billed: hence a writer of our own, with several sets a line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MetricSet:
    """Metrics that share their dimensions.

    Attributes:
        dimensions: combinations of dimensions, each a list of names.
        units: CloudWatch's unit of each metric, by its name.
    """

    dimensions: Sequence[Sequence[str]]
    units: Mapping[str, str]


def write(namespace: str, sets: Sequence[MetricSet], fields: Mapping[str, Any]) -> None:
    """Write one line to the function's log.

    Args:
        namespace: CloudWatch's namespace of all sets.
        sets: the metrics by their dimensions; a metric without a value among the fields is left out.
        fields: the values of metrics and dimensions, and further fields of the log line.
    """
    directives = [
        {
            "Namespace": namespace,
            "Dimensions": each.dimensions,
            "Metrics": [{"Name": name, "Unit": unit} for name, unit in each.units.items() if name in fields],
        }
        for each in sets
    ]
    line = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}, **fields}
    print(json.dumps(line))  # noqa: T201 - the function's standard output is its log
