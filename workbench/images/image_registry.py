"""Private repository of ECR: its address, its creation, and the token that logs an engine in."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from stacks.assets.image_format import BUILD_OUTPUT, is_refused
from workbench import typed
from workbench.deployment.account import Account, saying_in_one_sentence
from workbench.errors import ImageError

USER = "AWS"
"""User name for ECR's tokens."""
_UNTAGGED_DAYS = 14
_LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"Untagged images go after {_UNTAGGED_DAYS} days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": _UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}
_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
_PRIVATE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]*)(?::([^@]+))?(?:@(.+))?")
_NOT_THERE = ("ImageNotFoundException", "RepositoryNotFoundException")


@dataclass(frozen=True)
class StoredImage:
    """Image in a repository of ECR.

    Attributes:
        digest: digest of its manifest, for an immutable URI: ``sha256:...``.
        media_type: media type of its manifest.
    """

    digest: str
    media_type: str

    def require_docker_format(self, uri: str) -> None:
        """Check that SageMaker takes its manifest.

        Raises:
            ImageError: SageMaker refuses it; the message has the commands that convert it.
        """
        if is_refused(self.media_type):
            converted = f"{_PRIVATE.sub(_name_of_converted, uri)}:docker"
            raise ImageError(
                f"{uri} has a manifest of OCI ({self.media_type}), and SageMaker takes Docker's alone; convert it with "
                f"'echo FROM {uri} | BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --output {BUILD_OUTPUT} "
                f"--tag {converted} -', and '{typed.command('image', 'push', converted)}'"
            )


@dataclass(frozen=True)
class Repository:
    """Repository of an account and region.

    Attributes:
        account: twelve digits; ``ACCOUNT`` in a dry run without credentials.
        region: its region.
        partition: its partition.
        name: its name.
        kms_key: ARN of the key that encrypts it; None for ECR's own AES-256.
    """

    account: str
    region: str
    partition: str
    name: str
    kms_key: str | None

    @property
    def host(self) -> str:
        """Host of the registry."""
        return f"{self.account}.dkr.ecr.{self.region}.{_SUFFIXES.get(self.partition, 'amazonaws.com')}"

    def uri(self, tag: str) -> str:
        """URI of the image, as ``containerImageUri`` takes it."""
        return f"{self.host}/{self.name}:{tag}"

    def create_where_missing(self, client: Any) -> list[str]:
        """Create it with its lifecycle policy; an existing one stays unchanged.

        Returns:
            Differences of an existing one from a new one, a sentence each.

        Raises:
            AccountError: AWS does not permit it.
        """
        with saying_in_one_sentence():
            try:
                (found,) = client.describe_repositories(repositoryNames=[self.name])["repositories"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "RepositoryNotFoundException":
                    raise
            else:
                return _differences(found)
            client.create_repository(repositoryName=self.name, **self._settings())
            client.put_lifecycle_policy(repositoryName=self.name, lifecyclePolicyText=json.dumps(_LIFECYCLE))
        return []

    def image(self, client: Any, tag: str) -> StoredImage | None:
        """Find the image of that tag; None where there is no such image.

        Raises:
            AccountError: AWS refuses the call.
        """
        return _stored(client, {"imageTag": tag}, repositoryName=self.name)

    def keeps_tags(self, client: Any) -> bool:
        """Return whether tags of the existing repository never move to another image.

        Raises:
            AccountError: AWS refuses the call.
        """
        with saying_in_one_sentence():
            (found,) = client.describe_repositories(repositoryNames=[self.name])["repositories"]
            return bool(found.get("imageTagMutability", "").startswith("IMMUTABLE"))

    def creation_commands(self) -> list[str]:
        """Commands of the AWS command line for a missing repository, the same as ``create_where_missing``."""
        settings = self._settings()
        common = ["--region", self.region, "--repository-name", self.name]
        encryption = ",".join(f"{name}={value}" for name, value in settings["encryptionConfiguration"].items())
        created = ["--image-tag-mutability", "IMMUTABLE", "--image-scanning-configuration", "scanOnPush=true"]
        policy = json.dumps(_LIFECYCLE, separators=(",", ":"))
        return [
            shlex.join(
                ["aws", "ecr", "create-repository", *common, *created, "--encryption-configuration", encryption]
            ),
            shlex.join(["aws", "ecr", "put-lifecycle-policy", *common, "--lifecycle-policy-text", policy]),
        ]

    def _settings(self) -> dict[str, Any]:
        encryption = {"encryptionType": "KMS", "kmsKey": self.kms_key} if self.kms_key else {"encryptionType": "AES256"}
        return {
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfiguration": encryption,
        }


def region_of(image: str) -> str | None:
    """Region of an image in a private repository of ECR, of any account; None for any other image."""
    found = _PRIVATE.match(image)
    return found[2] if found else None


def account_of(image: str) -> str | None:
    """Account of an image in a private repository of ECR; None for any other image."""
    found = _PRIVATE.match(image)
    return found[1] if found else None


def stored_image(account: Account, uri: str) -> StoredImage | None:
    """Find the image of a URI of any account's ECR; None where there is no such image, and for any other URI.

    Raises:
        AccountError: AWS refuses the call.
    """
    found = _PRIVATE.fullmatch(uri)
    if found is None:
        return None
    number, region, name, tag, digest = found.groups()
    image_id = {"imageDigest": digest} if digest else {"imageTag": tag or "latest"}
    return _stored(account.client("ecr", region), image_id, registryId=number, repositoryName=name)


def password(account: Account, region: str) -> str:
    """Password for all registries of a region that the account may use, valid for twelve hours.

    Raises:
        AccountError: AWS refuses it.
    """
    with saying_in_one_sentence():
        (data,) = account.client("ecr", region).get_authorization_token()["authorizationData"]
    user, _, secret = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    if user != USER or not secret:
        raise ImageError("ECR sent a token that is no user and password; try again")
    return secret


def _stored(client: Any, image_id: Mapping[str, str], **repository: str) -> StoredImage | None:
    with saying_in_one_sentence():
        try:
            found = client.describe_images(**repository, imageIds=[image_id])["imageDetails"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise
        return StoredImage(found[0]["imageDigest"], found[0].get("imageManifestMediaType", "")) if found else None


def _name_of_converted(found: re.Match[str]) -> str:
    return f"localhost/{found[3]}"


def _differences(found: Mapping[str, Any]) -> list[str]:
    name = found["repositoryName"]
    said = []
    if found.get("imageTagMutability") != "IMMUTABLE":
        said.append(f"tags of {name} can be moved to another image; make them IMMUTABLE")
    if not found.get("imageScanningConfiguration", {}).get("scanOnPush"):
        said.append(
            f"images of {name} are not scanned when they are pushed, unless the registry says so; set scanOnPush"
        )
    return said
