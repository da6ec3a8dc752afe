"""Alarms on uploaded files and the queues behind them."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, Stats, TreatMissingData
from aws_cdk.aws_sns import ITopic
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from stacks.telemetry.alarm_topic import tell
from stacks.telemetry.function_metrics import function_metric

# A file that waits longer raises an alarm: the endpoint has too few instances.
_LONGEST_WAIT = Duration.minutes(15)


def add_alarms(scope: Construct, *, queue: Queue, dead_letter_queue: Queue, service: str, topic: ITopic) -> None:
    """Raise alarms on files that failed for good, on files that wait too long, and on files that went unread.

    Args:
        scope: the front end.
        queue: notifications of uploads.
        dead_letter_queue: those that failed for good.
        service: the dimension of the function's metrics.
        topic: topic to notify.
    """
    alarms = [
        Alarm(
            scope,
            "DeadLettersAlarm",
            alarm_description=(
                "Files under incoming/, or accepted pushes, did not become events. 'python -m workbench replay "
                "--dry-run' says why; without --dry-run it tries them again"
            ),
            metric=dead_letter_queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic=Stats.MAXIMUM
            ),
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        ),
        Alarm(
            scope,
            "BacklogAlarm",
            alarm_description=(
                "Pictures wait longer than 15 minutes in the queue. Look first at the endpoint's instances: raise "
                "maxInstanceCount, then ingestMaxConcurrency"
            ),
            metric=queue.metric_approximate_age_of_oldest_message(period=Duration.minutes(1), statistic=Stats.MAXIMUM),
            threshold=_LONGEST_WAIT.to_seconds(),
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=3,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        ),
        Alarm(
            scope,
            "FilesGoneAlarm",
            alarm_description=(
                "A file under incoming/ was deleted before it became an event, or a newer one of its name was: that "
                "frame is lost. The function's log names it. Look for what deletes files there"
            ),
            metric=function_metric("FilesGone", service=service, period=Duration.minutes(5)),
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        ),
    ]
    for alarm in alarms:
        tell(topic, alarm)
