"""Containers of batch transform jobs: the image that the deployed stack serves with, and a model for each side."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.benchmarking.variants import Variant
from workbench.deployment import model_upload
from workbench.deployment.account import Account, saying_in_one_sentence
from workbench.errors import AccountError
from workbench.packing import model_archive
from workbench.store.artefacts import sha256


@dataclass(frozen=True, kw_only=True)
class Container:
    """Container that both models run in.

    Attributes:
        image: URI of the image.
        vpc: ``VpcConfig`` of the stack's own model; empty where it has none.
        instance: type of the instances.
        key: ARN of the stack's KMS key, with which answers are encrypted; empty for S3's own.
    """

    image: str
    instance: str
    vpc: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


def of_stack(account: Account, name: str, *, image: str | None, instance: str | None) -> Container:
    """Take the container of the stack's endpoint; without a stack an image and an instance type are enough.

    Args:
        account: account and region of the stack.
        name: the stack's.
        image: another image.
        instance: another instance type.

    Raises:
        AccountError: there is no such stack, or AWS refuses to describe it.
    """
    stack = account.stack(name)
    if stack is None or "EndpointName" not in stack.outputs:
        if image and instance:
            return Container(image=image, instance=instance)
        raise AccountError(
            f"there is no stack {name} with an endpoint in {account.region}; name it with --stack, or name --image and "
            "--instance"
        )
    sagemaker = account.client("sagemaker")
    with saying_in_one_sentence():
        endpoint = sagemaker.describe_endpoint(EndpointName=stack.outputs["EndpointName"])
        configuration = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        served = configuration["ProductionVariants"][0]["ModelName"]
        model = sagemaker.describe_model(ModelName=served)
    return Container(
        image=image or model["PrimaryContainer"]["Image"],
        instance=instance or stack.parameters["deployInstanceType"],
        vpc=model.get("VpcConfig", {}),
        key=stack.parameters.get("kmsKeyArn", ""),
    )


def create_model(
    account: Account, name: str, variant: Variant, container: Container, *, role: str, bucket: str
) -> None:
    """Upload a model's folders, unless they are there already, and create SageMaker's model of it.

    Args:
        account: where.
        name: name of the model at SageMaker.
        variant: the model, or the pair.
        container: what it runs in.
        role: ARN of the role that SageMaker takes on.
        bucket: bucket for the archive.

    Raises:
        AccountError: AWS refuses.
    """
    url = _uploaded(account, variant, bucket)
    sagemaker = account.client("sagemaker")
    with saying_in_one_sentence():
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=role,
            EnableNetworkIsolation=True,  # SageMaker itself brings frames and takes answers
            PrimaryContainer={
                "Image": container.image,
                "Environment": {"APPLICATION_TYPE": variant.application, "MODEL_NAME": variant.model_name},
                **({"ModelDataUrl": url} if url else {}),
            },
            **({"VpcConfig": dict(container.vpc)} if container.vpc else {}),
        )


def _uploaded(account: Account, variant: Variant, bucket: str) -> str | None:
    """URL of the archive of a model's folders; None for a model without files, which the image has."""
    with tempfile.TemporaryDirectory(prefix="ipc-compare-") as work:
        store, archive = Path(work) / "models", Path(work) / model_upload.NAME
        store.mkdir()
        variant.put_into(store)
        files = {
            str((Path(folder) / name).relative_to(store)): Path(folder) / name
            for folder, _, names in os.walk(store, followlinks=True)
            for name in names
        }
        if not files:
            return None
        model_archive.write(files, archive)
        url = model_upload.content_url(bucket, sha256(archive))
        model_upload.upload(account.client("s3"), archive, url)
    return url
