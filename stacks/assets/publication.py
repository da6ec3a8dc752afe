"""Code and images of a published template, in the publisher's buckets and registry.

A published template is deployed by others, in accounts without CDK bootstrap, so it takes nothing from the CDK's own
bucket and registry there. Three context values name the publication; without them the CDK deploys its assets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Aws, BootstraplessSynthesizer, CfnMapping, Fn
from aws_cdk.aws_ecr import IRepository, Repository
from aws_cdk.aws_lambda import Code
from aws_cdk.aws_s3 import Bucket
from constructs import Construct

from stacks.assets.function_bundle import bundle
from stacks.assets.published_names import REPOSITORY, image_tag, prefix
from stacks.checks.acknowledgements import acknowledge
from stacks.context import PUBLISHED_BUCKET, PUBLISHED_REGISTRIES, PUBLISHED_VERSION
from stacks.errors import ContextValueError

_CONTEXT = (PUBLISHED_BUCKET, PUBLISHED_VERSION, PUBLISHED_REGISTRIES)


@dataclass(frozen=True)
class Publication:
    """The names that a template is published under.

    Attributes:
        bucket: beginning of the buckets' names; each region has its own, ``BUCKET-REGION``, because Lambda takes code
            from its own region alone.
        version: the version, a part of keys and of the images' tags.
        registries: the account whose registry holds the images, by partition.
    """

    bucket: str
    version: str
    registries: Mapping[str, str]


def named(construct: Construct) -> Publication | None:
    """The publication that the context names, or None: then the CDK deploys its own assets.

    Raises:
        ContextValueError: only a part of it is named, or the registries are not pairs of partition and account.
    """
    bucket, version, registries = (str(construct.node.try_get_context(name) or "") for name in _CONTEXT)
    if not (bucket or version or registries):
        return None
    if not re.fullmatch(r"(aws[a-z-]*=[0-9]{12}( |$))+", registries) or not bucket or not version:
        raise ContextValueError(
            f"a published template needs all of the context {', '.join(_CONTEXT)} (the last as 'aws=ACCOUNT "
            "aws-cn=ACCOUNT'); use '.venv/bin/ipc-ai publish', which gives them"
        )
    pairs = (pair.split("=") for pair in registries.split())
    return Publication(bucket, version, dict(sorted((partition, account) for partition, account in pairs)))


def synthesizer(construct: Construct) -> BootstraplessSynthesizer | None:
    """A synthesizer without assets and bootstrap for a published template; else None, the CDK's default."""
    return BootstraplessSynthesizer() if named(construct) else None


def function_code(scope: Construct, source_root: Path) -> Code:
    """A function's code with its dependencies: an asset of the CDK, or in the publisher's bucket.

    Args:
        scope: the construct that owns the function.
        source_root: the function's folder under ``lambda``.
    """
    bundled = bundle(source_root)
    publication = named(scope)
    if publication is None:
        return Code.from_asset(str(bundled))
    bucket = Bucket.from_bucket_name(scope, "PublishedCode", f"{publication.bucket}-{Aws.REGION}")
    acknowledge(
        bucket,
        {
            "Annotation::@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified": (
                "The key has the hash of the code in it: other code has another key"
            )
        },
    )
    return Code.from_bucket(bucket, f"{prefix(publication.version)}{bundled.name}.zip")


class PublishedImages(Construct):
    """The images in the publisher's registry, of the region that the stack is in.

    Attributes:
        repository: their repository.
    """

    def __init__(self, scope: Construct, construct_id: str, *, publication: Publication) -> None:
        super().__init__(scope, construct_id)
        accounts = CfnMapping(
            self,
            "Registries",
            mapping={partition: {"Account": account} for partition, account in publication.registries.items()},
        )
        self._account = accounts.find_in_map(Aws.PARTITION, "Account")
        self._version = publication.version
        self.repository: IRepository = Repository.from_repository_attributes(
            self,
            "Repository",
            repository_arn=Fn.join(
                "", [f"arn:{Aws.PARTITION}:ecr:{Aws.REGION}:", self._account, f":repository/{REPOSITORY}"]
            ),
            repository_name=REPOSITORY,
        )

    def uri(self, processor: str) -> str:
        """The URI of the image for a processor, ``cpu`` or ``gpu``."""
        tag = image_tag(self._version, processor)
        return f"{self._account}.dkr.ecr.{Aws.REGION}.{Aws.URL_SUFFIX}/{REPOSITORY}:{tag}"
