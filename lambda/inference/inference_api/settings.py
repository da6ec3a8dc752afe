"""The functions' environments, each read once into a frozen object. Nothing else reads ``os.environ``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

CUSTOM, COMPARISON, CLASSIFICATION = "custom", "face-comparison", "image-classification"
"""The applications whose requests or answers differ from a detection's, by their names in ``APPLICATION_TYPE``."""

# From botocore's endpoints.json, by prefix of the region; the first that matches. All others are in partition aws.
_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "us-iso-": "c2s.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The environment that the stack gives the API's function.

    Attributes:
        application_type: the application that the endpoint serves.
        model_name: its model.
        endpoint_name: the SageMaker endpoint.
        endpoint_type: its kind: ``real-time``, ``serverless`` or ``async``.
        events_bucket: the bucket of the event store.
        save_request_events: true when frames and results are kept.
        events_table: true when results are also written for queries.
        service: the name of the deployment.
        metrics_namespace: CloudWatch's namespace of the function's metrics.
        camera_metrics: true when each camera has metrics of its own.
        older_short_size: ``short_size`` in the older JSON, for a container that reads that; None for one that takes
            images.
        registry_table: the table of cameras; None where cameras have no credentials of their own.
        states_table: the table of what cameras did; None as above.
        authorization: who may call: ``API_KEY``, ``AWS_IAM``, ``NONE``, ``CAMERA`` or ``CAMERA_IAM``.
        push_answer: what a push is answered: ``result``, or ``accepted``, before the endpoint sees the frame.
        push_queue_url: the queue of accepted pushes; None unless they are answered so.
    """

    application_type: str
    model_name: str
    endpoint_name: str
    endpoint_type: str
    events_bucket: str
    save_request_events: bool
    events_table: bool
    service: str
    metrics_namespace: str
    camera_metrics: bool
    older_short_size: int | None
    registry_table: str | None = None
    states_table: str | None = None
    authorization: str = "API_KEY"
    push_answer: str = "result"
    push_queue_url: str | None = None

    @property
    def is_async(self) -> bool:
        """True for an asynchronous endpoint, whose answers come through S3."""
        return self.endpoint_type == "async"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            application_type=environment["APPLICATION_TYPE"],
            model_name=environment["MODEL_NAME"],
            endpoint_name=environment["ENDPOINT_NAME"],
            endpoint_type=environment["ENDPOINT_TYPE"],
            events_bucket=environment["EVENTS_BUCKET"],
            save_request_events=environment["SAVE_REQUEST_EVENTS"] == "Yes",
            events_table=environment["EVENTS_TABLE"] == "Yes",
            service=environment["POWERTOOLS_SERVICE_NAME"],
            metrics_namespace=environment["POWERTOOLS_METRICS_NAMESPACE"],
            camera_metrics=environment["CAMERA_METRICS"] == "Yes",
            older_short_size=older_short_size(environment),
            registry_table=environment.get("REGISTRY_TABLE") or None,
            states_table=environment.get("STATES_TABLE") or None,
            authorization=environment.get("API_AUTHORIZATION") or "API_KEY",
            push_answer=environment.get("PUSH_ANSWER") or "result",
            push_queue_url=environment.get("PUSH_QUEUE_URL") or None,
        )


@dataclass(frozen=True, kw_only=True)
class AuthorizerSettings:
    """The environment that the stack gives the function that lets cameras in.

    Attributes:
        registry_table: the table of cameras.
        states_table: the table of what cameras did, and of refused attempts.
        service: the name of the deployment.
        metrics_namespace: CloudWatch's namespace of the function's metrics.
    """

    registry_table: str
    states_table: str
    service: str
    metrics_namespace: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AuthorizerSettings:
        """Read the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            registry_table=environment["REGISTRY_TABLE"],
            states_table=environment["STATES_TABLE"],
            service=environment["POWERTOOLS_SERVICE_NAME"],
            metrics_namespace=environment["POWERTOOLS_METRICS_NAMESPACE"],
        )


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Keys of AWS; ``session_token`` is empty for a user's own keys."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


@dataclass(frozen=True, kw_only=True)
class AwsAccess:
    """Region, address and credentials for calls to AWS, from Lambda's own variables.

    Attributes:
        region: the region.
        credentials: those of the function's role, valid as long as the process lives.
        sagemaker_runtime_url: the address of the SageMaker runtime.
    """

    region: str
    credentials: Credentials
    sagemaker_runtime_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AwsAccess:
        """Read the settings, under the names that every AWS SDK knows.

        Raises:
            KeyError: a variable is missing.
        """
        region = environment.get("AWS_REGION") or environment["AWS_DEFAULT_REGION"]
        suffix = next((domain for begin, domain in _SUFFIXES.items() if region.startswith(begin)), "amazonaws.com")
        return cls(
            region=region,
            credentials=Credentials(
                access_key_id=environment["AWS_ACCESS_KEY_ID"],
                secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                session_token=environment.get("AWS_SESSION_TOKEN", ""),
            ),
            sagemaker_runtime_url=environment.get("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME")
            or environment.get("AWS_ENDPOINT_URL")
            or f"https://runtime.sagemaker.{region}.{suffix}",
        )


@dataclass(frozen=True, kw_only=True)
class IngestSettings:
    """The environment that the stack gives the function for files.

    Attributes:
        application_type: the application that the endpoint serves.
        endpoint_name: the SageMaker endpoint.
        endpoint_type: its kind, ``real-time`` or ``serverless``.
        events_bucket: the bucket of the event store, and of the files.
        events_table: true when results are also written for queries.
        dead_letter_queue_url: the queue for messages that retrying cannot fix.
        service: the name of the deployment.
        metrics_namespace: CloudWatch's namespace of the function's metrics.
        older_short_size: as in ``Settings``.
    """

    application_type: str
    endpoint_name: str
    endpoint_type: str
    events_bucket: str
    events_table: bool
    dead_letter_queue_url: str
    service: str
    metrics_namespace: str
    older_short_size: int | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> IngestSettings:
        """Read the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            application_type=environment["APPLICATION_TYPE"],
            endpoint_name=environment["ENDPOINT_NAME"],
            endpoint_type=environment["ENDPOINT_TYPE"],
            events_bucket=environment["EVENTS_BUCKET"],
            events_table=environment["EVENTS_TABLE"] == "Yes",
            dead_letter_queue_url=environment["DEAD_LETTER_QUEUE_URL"],
            service=environment["POWERTOOLS_SERVICE_NAME"],
            metrics_namespace=environment["POWERTOOLS_METRICS_NAMESPACE"],
            older_short_size=older_short_size(environment),
        )


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """The environment that the stack gives the function that looks for silent cameras.

    Attributes:
        registry_table: the table of cameras.
        states_table: the table of what cameras did.
        events_bucket: the bucket of the event store; None where events are not kept.
        events_table: true when results are also written for queries.
        service: the name of the deployment.
        metrics_namespace: CloudWatch's namespace of the function's metrics.
    """

    registry_table: str
    states_table: str
    events_bucket: str | None
    events_table: bool
    service: str
    metrics_namespace: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> WatchSettings:
        """Read the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            registry_table=environment["REGISTRY_TABLE"],
            states_table=environment["STATES_TABLE"],
            events_bucket=environment["EVENTS_BUCKET"] if environment["SAVE_REQUEST_EVENTS"] == "Yes" else None,
            events_table=environment["EVENTS_TABLE"] == "Yes",
            service=environment["POWERTOOLS_SERVICE_NAME"],
            metrics_namespace=environment["POWERTOOLS_METRICS_NAMESPACE"],
        )


def older_short_size(environment: Mapping[str, str]) -> int | None:
    """``short_size`` of the older JSON: the one given, else that of the model, else the default; None for images."""
    if environment.get("CONTAINER_REQUEST_FORMAT") != "json":
        return None
    if given := environment["CONTAINER_SHORT_SIZE"]:
        return int(given)
    sizes = json.loads(environment["CONTAINER_SHORT_SIZES"])
    return int(sizes.get(environment["MODEL_NAME"], sizes[""]))
