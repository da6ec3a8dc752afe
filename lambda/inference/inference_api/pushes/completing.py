"""Pushes that were answered before the endpoint saw their frames: read the frames -> infer -> complete the event.

A message may come again after a stop between any two steps. An event that is whole is left as it is; until then every
step can be done again, and the frames stay in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from inference_api import judging
from inference_api.errors import ApiError, NothingToFetchError
from inference_api.messages import Frame, Inference, InferenceRequest
from inference_api.pushes import asking
from inference_api.pushes.accepted import AcceptedPush

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from inference_api.events.event_store import EventStore
    from inference_api.metrics.batch_telemetry import BatchTelemetry
    from inference_api.sagemaker.endpoint import Endpoint

logger = Logger()
_NOT_THERE = frozenset({"404", "NoSuchKey"})


class Completing:
    """The endpoint and the bucket that complete pushes."""

    def __init__(self, endpoint: Endpoint, store: EventStore, frames: StoredFrames, *, application: str) -> None:
        self._endpoint = endpoint
        self._store = store
        self._frames = frames
        self._application = application

    def complete(self, push: AcceptedPush, telemetry: BatchTelemetry) -> None:
        """Complete the event of a push, or delete its frames where the camera's profile does not keep it.

        Raises:
            ApiError: with a status below 500 the event never will be whole, and has the failure beside its frames.
            Exception: it cannot be completed now.
        """
        if self._store.is_whole(push.prefix):
            logger.info("the push is an event already")
            return
        frames = self._frames.read(push.keys)
        if frames:
            self._store_result(push, self._inferred(push, frames, telemetry), telemetry)
        elif judging.may_be_left_out(push.terms):
            self._store.discard_later(push.event)  # the rest of them, after a stop
        else:
            telemetry.count("FilesGone")
            raise NothingToFetchError("the frames of the push are gone, and there is no event of it")

    def fail(self, push: AcceptedPush, error: ApiError) -> None:
        """Write a failure that retrying cannot fix beside the frames."""
        self._store.fail_later(push.event, error)

    def _inferred(self, push: AcceptedPush, frames: Sequence[Frame], telemetry: BatchTelemetry) -> Inference:
        options = push.terms["options"] if push.terms else {}
        bare = InferenceRequest({}, options=options, camera_id=push.camera_id)
        request = asking.for_model(bare, frames, self._application)
        sent = judging.for_model(request, judging.profile_of(push.terms), self._application)
        with telemetry.timed("EndpointLatency"):
            result = self._endpoint.infer(sent, push.request_id)
        telemetry.count("Inferences")
        return result

    def _store_result(self, push: AcceptedPush, result: Inference, telemetry: BatchTelemetry) -> None:
        told = judging.judged_later(result, push.terms, self._application)
        for metric, number in told.counts.items():
            telemetry.count(metric, number)
        if not told.is_kept:
            self._store.discard_later(push.event)
            telemetry.count("EventsLeftOut")
            return
        self._store.complete_later(push.event, told.result)
        logger.info("event stored", extra={"event_prefix": push.prefix})


class StoredFrames:
    """Frames in the events bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, keys: Sequence[str]) -> list[Frame]:
        """Read frames; none where one of them is gone.

        Raises:
            Exception: boto3's, for an object that cannot be read now.
        """
        from botocore.exceptions import ClientError

        try:
            return [Frame(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()) for key in keys]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _NOT_THERE:
                return []
            raise
