"""The queue of the rendered template, and the function that makes events of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.template.rendered_function import RenderedFunction
from workbench.template.rendered_resources import events_bucket, only


@dataclass(frozen=True)
class RenderedIngest:
    """Queue of uploaded files and of accepted pushes, with the function behind it.

    Attributes:
        function: the function that takes a batch of messages.
        queue_name: the queue.
        dead_letter_queue_name: the queue for messages that failed too often.
        bucket_notifications: the bucket's notification configuration, in CloudFormation's form; None where files that
            are uploaded become no events.
        batch_size: largest number of messages in a batch.
        visibility_seconds: visibility timeout, after which a failed message is received again.
        attempts: number of receptions after which a message is dead-lettered.
    """

    function: RenderedFunction
    queue_name: str
    dead_letter_queue_name: str
    bucket_notifications: Mapping[str, Any] | None
    batch_size: int
    visibility_seconds: int
    attempts: int


def rendered_ingest(
    resources: Mapping[str, Any], names: Mapping[str, str], function: RenderedFunction
) -> RenderedIngest:
    """Read the one queue that a function is fed from."""
    _, source = only(resources, "AWS::Lambda::EventSourceMapping")
    bucket = resources[events_bucket(resources)]
    queue_id = source["EventSourceArn"].split(".")[0]
    queue = resources[queue_id]["Properties"]
    return RenderedIngest(
        function=function,
        queue_name=names[queue_id],
        dead_letter_queue_name=names[queue["RedrivePolicy"]["deadLetterTargetArn"].split(".")[0]],
        bucket_notifications=bucket["Properties"].get("NotificationConfiguration"),
        batch_size=int(source["BatchSize"]),
        visibility_seconds=int(queue["VisibilityTimeout"]),
        attempts=int(queue["RedrivePolicy"]["maxReceiveCount"]),
    )
