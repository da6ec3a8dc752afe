"""The days after which objects of the events bucket expire."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnCondition
from aws_cdk.aws_s3 import Bucket, CfnBucket
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge, empty_is_left_out
from stacks.conditions import any_of, differs, equals, value_if
from stacks.events.prefixes import ASYNC, CAPTURE, EVENTS, IDEMPOTENCY, INCOMING, RESULTS

TAGGED = (EVENTS, RESULTS)
"""The folders of which an object's tag may say how long it is kept."""
_TAG = "retention"
_TAGGED_DAYS = (7, 30, 90)
"""The retention classes of profiles, but for the one that says nothing."""
_EXPIRING = {
    "Retention": EVENTS,
    "RetentionOfResults": RESULTS,
    "RetentionOfIncoming": INCOMING,
    "RetentionOfCaptures": CAPTURE,
}
LEAST_DAYS_OF_INCOMING = 15
"""The queue and its dead letters keep a message for 14 days from the upload on. A file that went before its message
would be a frame that is lost.
"""


def expire(bucket: Bucket, *, retention_days: str, has_registry: CfnCondition, scope: Construct) -> None:
    """Let S3 delete events, and files that did not become one.

    Args:
        bucket: the events bucket.
        retention_days: days until an object is deleted; 0 is never.
        has_registry: the condition that profiles of cameras tag their events; the earlier of two days counts.
        scope: the construct that gets the condition.
    """
    expires = CfnCondition(scope, "Expires", expression=differs(retention_days, "0"))
    # CloudFormation's conditions compare texts alone.
    short = [equals(retention_days, str(days)) for days in range(1, LEAST_DAYS_OF_INCOMING)]
    is_short = CfnCondition(scope, "ExpiresBeforeMessages", expression=any_of(*short))
    days_by_prefix = {INCOMING: value_if(is_short, str(LEAST_DAYS_OF_INCOMING), retention_days)}
    # Plain dictionaries, because the condition leaves the whole rule out: no number of days means never.
    expiries = [
        {
            "Id": name,
            "Status": "Enabled",
            "Prefix": prefix,
            "ExpirationInDays": days_by_prefix.get(prefix, retention_days),
        }
        for name, prefix in _EXPIRING.items()
    ]
    by_tag = [
        {
            "Id": f"Retention{days}{prefix.strip('/').title()}",
            "Status": "Enabled",
            "Prefix": prefix,
            "TagFilters": [{"Key": _TAG, "Value": str(days)}],
            "ExpirationInDays": days,
        }
        for days in _TAGGED_DAYS
        for prefix in TAGGED
    ]
    abort = CfnBucket.AbortIncompleteMultipartUploadProperty(days_after_initiation=1)
    resource = cast(CfnBucket, bucket.node.default_child)
    resource.lifecycle_configuration = CfnBucket.LifecycleConfigurationProperty(
        rules=[
            CfnBucket.RuleProperty(status="Enabled", abort_incomplete_multipart_upload=abort),
            # Unconditional: requests of an asynchronous endpoint that was replaced expire, too.
            CfnBucket.RuleProperty(id="AsyncRequests", status="Enabled", prefix=ASYNC, expiration_in_days=1),
            CfnBucket.RuleProperty(id="IdempotencyKeys", status="Enabled", prefix=IDEMPOTENCY, expiration_in_days=1),
            *(value_if(expires, expiry) for expiry in expiries),
            *(value_if(has_registry, expiry) for expiry in by_tag),
        ]
    )
    empty_is_left_out(resource)
    acknowledge(
        resource,
        {
            "CloudFormation-Validate::W9003": (
                "The parameter's pattern lets whole numbers through and nothing else; 0 leaves the rule out"
            )
        },
    )
