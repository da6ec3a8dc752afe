"""Entry point for SageMaker's notifications: read the notice -> look up the request -> store its result or its failure.

It completes the events of requests whose clients were told to come back, so that an event is whole without any client
that fetches its answer. A request that was answered while its client waited has no note, and needs nothing here.
A handler that raises is called again by Lambda, twice.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from inference_api import judging, resources
from inference_api.errors import ApiError
from inference_api.messages import Inference, Pending
from inference_api.metrics.batch_telemetry import BatchTelemetry
from inference_api.sagemaker import result_notices
from inference_api.sagemaker.failure_notes import failure_of
from inference_api.sagemaker.result_notices import ResultNotice

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Take an event of SNS, and write its measurements."""
    is_cold = resources.settings.cache_info().currsize == 0
    settings = resources.settings()
    telemetry = BatchTelemetry(
        namespace=settings.metrics_namespace,
        service=settings.service,
        function_name=context.function_name,
        is_cold=is_cold,
    )
    try:
        for record in event["Records"]:
            notice = result_notices.read(record["Sns"]["Message"])
            if notice is None:
                logger.warning("the message tells of no request of this service")
                continue
            with logger.append_context_keys(api_request_id=notice.request_id):
                _complete(notice, telemetry)
    finally:
        telemetry.write()


def _complete(notice: ResultNotice, telemetry: BatchTelemetry) -> None:
    """Complete the event of a request, if it is left open, and count a failure.

    Raises:
        Exception: it cannot be completed now.
    """
    endpoint = resources.async_endpoint()
    reason = notice.reason or "the endpoint did not process the request"
    if notice.has_failed:  # before the note is read, as the note is written before a failure is looked for
        endpoint.note_failure(notice.request_id, reason)
    pending = endpoint.pending(notice.request_id)
    if pending is None and not notice.has_failed:
        return
    outcome = failure_of(reason) if pending is None else endpoint.outcome(pending)
    if notice.has_failed and isinstance(outcome, ApiError):  # an answer that is there outlives a later failure
        logger.warning("failed: %s", outcome, extra={"code": outcome.code, "status": outcome.status})
        telemetry.count("AsyncRefusals" if outcome.status < 500 else "AsyncFailures")
    if pending is not None and pending.event:
        _store(pending, outcome, telemetry)


def _store(pending: Pending, outcome: Inference | ApiError | None, telemetry: BatchTelemetry) -> None:
    if outcome is None:
        raise LookupError(f"SageMaker tells of an answer that is not at {pending.output}")
    store, event = resources.event_store(), pending.event or {}
    if isinstance(outcome, Inference):
        told = judging.judged_later(outcome, pending.terms, resources.settings().application_type)
        for metric, number in told.counts.items():
            telemetry.count(metric, number)
        if not told.is_kept:
            store.discard_later(event)
            logger.info("event left out", extra={"event_prefix": event["prefix"]})
            return
        prefix = store.complete_later(event, told.result)
    else:
        prefix = store.fail_later(event, outcome)
    logger.info("event completed", extra={"event_prefix": prefix})
