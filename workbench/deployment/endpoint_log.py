"""End of the endpoint's log, which says why a container did not start; the log outlives a deployment that failed."""

from __future__ import annotations

from typing import Any

from workbench.deployment.account import REFUSALS

_GROUPS = "/aws/sagemaker/Endpoints/ipc-ai-saas-"
_STREAMS = 3


def last_lines(client: Any, guid: str, *, count: int) -> dict[str, list[str]]:
    """Read the last lines of a stack's endpoint, by log group.

    Args:
        client: client of CloudWatch Logs.
        guid: the part of the stack's id that the endpoint's name is made of.
        count: lines of each stream; an instance writes a stream.

    Returns:
        No group without lines; nothing at all where AWS refuses, because this is asked after a failure that counts.
    """
    try:
        groups = client.describe_log_groups(logGroupNamePrefix=f"{_GROUPS}{guid}")["logGroups"]
        found = {group["logGroupName"]: _lines(client, group["logGroupName"], count) for group in groups}
    except REFUSALS:
        return {}
    return {name: lines for name, lines in found.items() if lines}


def _lines(client: Any, group: str, count: int) -> list[str]:
    """Return the newest lines of the streams that were written last, in the order of time."""
    streams = client.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=_STREAMS)[
        "logStreams"
    ]
    events = [
        event
        for stream in streams
        for event in client.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], limit=count, startFromHead=False
        )["events"]
    ]
    return [event["message"].rstrip() for event in sorted(events, key=lambda event: event["timestamp"])]
