"""Choices of which events are kept, for how long, and where they come from."""

from __future__ import annotations

from aws_cdk import CfnParameter, CfnRule, CfnRuleAssertion, Stack

from stacks.conditions import any_of, is_yes
from stacks.parameters.kinds import choice, number, text


class EventParameters:
    """The parameters of the event store.

    Attributes:
        save_request_events: whether frames and results are kept.
        retention_days: days until they are deleted; 0 for never.
        events_table: whether results can be queried by Athena.
        ingest_from_s3: whether files that cameras upload become events.
        ingest_max_concurrency: most files that are processed at once.
    """

    def __init__(self, stack: Stack) -> None:
        self.save_request_events = choice(
            stack, "saveRequestEvents", ["No", "Yes"], "Whether to keep every frame and its result in the events bucket"
        )
        self.retention_days = text(
            stack,
            "eventRetentionDays",
            "Days after which S3 deletes an event's frames and result; 0 keeps them for ever",
            pattern="0|[1-9][0-9]{0,4}",
            takes="a whole number of days from 0 to 99999; 0 keeps events for ever",
            default="0",
        )
        self.events_table = choice(
            stack,
            "eventsTable",
            ["No", "Yes"],
            "Whether results are also written where a Glue table reads them, so that Athena can query events",
        )
        self.ingest_from_s3 = choice(
            stack,
            "ingestFromS3",
            ["No", "Yes"],
            "Whether files that cameras upload under incoming/camera=ID/ of the events bucket become events",
        )
        self.ingest_max_concurrency = number(
            stack, "ingestMaxConcurrency", "Uploaded files in work at once", default=4, limits=(2, 1000)
        )

        CfnRule(
            stack,
            "EventsTableHasEvents",
            rule_condition=is_yes(self.events_table.value_as_string),
            assertions=[
                CfnRuleAssertion(
                    assert_=any_of(
                        is_yes(self.save_request_events.value_as_string),
                        is_yes(self.ingest_from_s3.value_as_string),
                    ),
                    assert_description=(
                        "eventsTable=Yes needs events; set saveRequestEvents=Yes or ingestFromS3=Yes, or eventsTable=No"
                    ),
                )
            ],
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [
            self.save_request_events,
            self.retention_days,
            self.events_table,
            self.ingest_from_s3,
            self.ingest_max_concurrency,
        ]
