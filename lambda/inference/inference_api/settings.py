"""The function's environment, read once into a frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the stack puts into the function's environment.

    Attributes:
        application_type: the application that the endpoint serves.
        endpoint_name: the SageMaker endpoint.
        is_async: whether it answers by way of S3; otherwise it answers at once.
        events_bucket: the bucket of the event store.
        save_request_events: whether frames and results are kept.
    """

    application_type: str
    endpoint_name: str
    is_async: bool
    events_bucket: str
    save_request_events: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Reads the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            application_type=environment["APPLICATION_TYPE"],
            endpoint_name=environment["ENDPOINT_NAME"],
            is_async=environment["ENDPOINT_TYPE"] == "async",
            events_bucket=environment["EVENTS_BUCKET"],
            save_request_events=environment["SAVE_REQUEST_EVENTS"] == "Yes",
        )
