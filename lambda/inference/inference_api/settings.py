"""The functions' environments, each read once into a frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_api.sagemaker.signature import Credentials

# Of botocore's endpoints.json, by how a region's name begins; the first that fits. Others are of the partition aws.
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
    """What the stack puts into the environment of the API's function.

    Attributes:
        application_type: the application that the endpoint serves.
        model_name: its model.
        endpoint_name: the SageMaker endpoint.
        is_async: whether it answers by way of S3; otherwise it answers at once.
        events_bucket: the bucket of the event store.
        save_request_events: whether frames and results are kept.
        events_table: whether results are also written for queries.
        service: the name of the deployment.
        metrics_namespace: CloudWatch's namespace of the function's metrics.
        camera_metrics: whether each camera has metrics of its own.
    """

    application_type: str
    model_name: str
    endpoint_name: str
    is_async: bool
    events_bucket: str
    save_request_events: bool
    events_table: bool
    service: str
    metrics_namespace: str
    camera_metrics: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Reads the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            application_type=environment["APPLICATION_TYPE"],
            model_name=environment["MODEL_NAME"],
            endpoint_name=environment["ENDPOINT_NAME"],
            is_async=environment["ENDPOINT_TYPE"] == "async",
            events_bucket=environment["EVENTS_BUCKET"],
            save_request_events=environment["SAVE_REQUEST_EVENTS"] == "Yes",
            events_table=environment["EVENTS_TABLE"] == "Yes",
            service=environment["POWERTOOLS_SERVICE_NAME"],
            metrics_namespace=environment["POWERTOOLS_METRICS_NAMESPACE"],
            camera_metrics=environment["CAMERA_METRICS"] == "Yes",
        )


@dataclass(frozen=True, kw_only=True)
class AwsAccess:
    """What Lambda puts into every function's environment, and who else runs one.

    Attributes:
        region: the region.
        credentials: of the function's role, for as long as the process lives.
        sagemaker_runtime_url: the SageMaker runtime.
    """

    region: str
    credentials: Credentials
    sagemaker_runtime_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AwsAccess:
        """Reads the settings, by the names that every AWS SDK knows.

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
    """What the stack puts into the environment of the function for files.

    Attributes:
        application_type: the application that the endpoint serves.
        endpoint_name: the SageMaker endpoint.
        events_bucket: the bucket of the event store, where the files lie too.
        events_table: whether results are also written for queries.
        dead_letter_queue_url: the queue for messages of files that no attempt would help.
    """

    application_type: str
    endpoint_name: str
    events_bucket: str
    events_table: bool
    dead_letter_queue_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> IngestSettings:
        """Reads the settings.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            application_type=environment["APPLICATION_TYPE"],
            endpoint_name=environment["ENDPOINT_NAME"],
            events_bucket=environment["EVENTS_BUCKET"],
            events_table=environment["EVENTS_TABLE"] == "Yes",
            dead_letter_queue_url=environment["DEAD_LETTER_QUEUE_URL"],
        )
