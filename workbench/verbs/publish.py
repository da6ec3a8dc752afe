"""Publish a one-click template that others deploy without the CDK, with its code, to your own buckets."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from stacks.assets.function_bundle import bundle_named
from stacks.assets.published_names import PROCESSORS, REPOSITORY, image_tag, prefix
from stacks.context import PUBLISHED_BUCKET, PUBLISHED_REGISTRIES, PUBLISHED_VERSION, stack_name
from stacks.errors import ContextValueError
from workbench import regions
from workbench.deployment.account import Account, saying_in_one_sentence
from workbench.deployment.function_archive import archive
from workbench.errors import PublishingError
from workbench.template.rendered_template import partition_of, synthesize

TEMPLATE = "ipc-ai-saas.template.json"
MANIFEST = "manifest.json"
_LONGEST_BUCKET_NAME = 63
_CONTENT_TYPES = {".json": "application/json", ".zip": "application/zip"}


@dataclass(frozen=True)
class _Hosts:
    """Hosts of a partition: the console's, and the suffix of S3's."""

    console: str
    suffix: str


_HOSTS = {
    "aws": _Hosts("console.aws.amazon.com", "amazonaws.com"),
    "aws-cn": _Hosts("console.amazonaws.cn", "amazonaws.com.cn"),
    "aws-us-gov": _Hosts("console.amazonaws-us-gov.com", "amazonaws.com"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--bucket", required=True, help="beginning of the buckets' names, which are BUCKET-REGION")
    parser.add_argument("--version", required=True, help="version to publish, for example v1.0.0")
    parser.add_argument(
        "--regions",
        nargs="+",
        type=regions.argument,
        metavar="REGION",
        help="regions of one partition (default: the profile's)",
    )
    parser.add_argument(
        "--registry",
        nargs="+",
        metavar="PARTITION=ACCOUNT",
        default=[],
        help=f"account whose registry has the images {REPOSITORY}, by partition (default: your own)",
    )
    parser.add_argument("--stack", default="ipc-ai-saas", help="name of the stack that the links propose")
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the files there and upload nothing")
    parser.add_argument("--force", action="store_true", help="overwrite a version that is there")


def run(
    arguments: argparse.Namespace,
    *,
    synthesized: Callable[[Mapping[str, str]], dict[str, Any]] = synthesize,
) -> int:
    """Make the files, upload them to each region's bucket, and print the links."""
    _check_names(arguments.bucket, arguments.version, arguments.stack)
    registries = _registries(arguments.registry)
    regions = arguments.regions or [Account(profile=arguments.profile, region=None).region]
    partition = _partition_of_all(regions)
    account = Account(profile=arguments.profile, region=regions[0])
    if partition not in registries:
        registries[partition] = account.number()
    buckets = {region: _bucket_in(arguments.bucket, region) for region in regions}
    template = synthesized(
        {
            PUBLISHED_BUCKET: arguments.bucket,
            PUBLISHED_VERSION: arguments.version,
            PUBLISHED_REGISTRIES: " ".join(f"{name}={number}" for name, number in sorted(registries.items())),
        }
    )
    files = _files(template, version=arguments.version, registries=registries)
    if arguments.output:
        _write(files, arguments.output)
        return 0
    owner = account.number()
    if not arguments.force:
        for region, bucket in buckets.items():
            _require_new(account.client("s3", region), bucket, arguments.version, owner)
    for region, bucket in buckets.items():
        client = account.client("s3", region)
        for name, content in files.items():
            _upload(
                client, bucket, prefix(arguments.version) + name, content, owner=owner, may_be_there=arguments.force
            )
        print(f"{region}  {len(files)} files in s3://{bucket}/{prefix(arguments.version)}")
    print("one click:")
    for region, bucket in buckets.items():
        print(f"{region}  {_link(region, bucket, arguments.version, arguments.stack)}")
    print(f"the images have to be in every region, in repository {REPOSITORY} of account {registries[partition]}:")
    print("  " + ", ".join(image_tag(arguments.version, processor) for processor in PROCESSORS), flush=True)
    return 0


def _check_names(bucket: str, version: str, stack: str) -> None:
    if not re.fullmatch("[a-z0-9][a-z0-9-]*[a-z0-9]", bucket):
        raise PublishingError(f"'{bucket}' begins no name of a bucket; use small letters, digits and '-'")
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,99}", version):
        raise PublishingError(f"'{version}' is no version; use letters, digits, '.', '_' and '-', at most 100")
    try:
        stack_name(stack)
    except ContextValueError as error:
        raise PublishingError(f"--stack: {error}") from error


def _registries(words: list[str]) -> dict[str, str]:
    for word in words:
        partition, _, number = word.partition("=")
        if partition not in _HOSTS or not re.fullmatch("[0-9]{12}", number):
            raise PublishingError(
                f"'{word}' is not PARTITION=ACCOUNT; write aws=111122223333; partitions: {', '.join(_HOSTS)}"
            )
    return dict(word.split("=") for word in words)


def _partition_of_all(regions: list[str]) -> str:
    partitions = {partition_of(region) for region in regions}
    if len(partitions) > 1:
        raise PublishingError(
            "these regions are of several partitions, and credentials hold in one; publish for each partition alone"
        )
    return partitions.pop()


def _bucket_in(bucket: str, region: str) -> str:
    name = f"{bucket}-{region}"
    if len(name) > _LONGEST_BUCKET_NAME:
        raise PublishingError(f"{name} is longer than the {_LONGEST_BUCKET_NAME} characters of a bucket's name")
    return name


def _files(template: Mapping[str, Any], *, version: str, registries: Mapping[str, str]) -> dict[str, bytes]:
    """Contents by name, in the order of their upload: a file follows those that it refers to, the manifest is last.

    Raises:
        PublishingError: a function's code was not bundled here.
    """
    files = {name: _archive_of(name) for name in sorted(_archive_names(template, prefix(version)))}
    files[TEMPLATE] = _as_json(template)
    manifest = {
        "version": version,
        "repository": REPOSITORY,
        "tags": [image_tag(version, processor) for processor in PROCESSORS],
        "registries": dict(registries),
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    return {**files, MANIFEST: _as_json(manifest)}


def _archive_names(template: Mapping[str, Any], below: str) -> set[str]:
    keys = [
        str(resource["Properties"]["Code"].get("S3Key"))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    for key in keys:
        if not key.startswith(below):
            raise PublishingError(
                f"a function's code is {key}, which no other account can read; make it by function_code"
            )
    return {key.removeprefix(below) for key in keys}


def _archive_of(name: str) -> bytes:
    return archive(bundle_named(PurePosixPath(name).stem))


def _as_json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        print(folder / name)


def _require_new(client: Any, bucket: str, version: str, owner: str) -> None:
    """Check that no file of the version exists yet.

    Raises:
        PublishingError: one exists, or the bucket does not.
    """
    with saying_in_one_sentence():
        try:
            found = client.list_objects_v2(Bucket=bucket, Prefix=prefix(version), MaxKeys=1, ExpectedBucketOwner=owner)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise PublishingError(f"there is no bucket {bucket}; make it, or name another with --bucket") from error
            raise
    if found.get("KeyCount"):
        raise PublishingError(
            f"{version} is in {bucket} already, and others may use it; publish another version, or add --force"
        )


def _upload(client: Any, bucket: str, key: str, content: bytes, *, owner: str, may_be_there: bool) -> None:
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    with saying_in_one_sentence():
        client.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType=_CONTENT_TYPES[PurePosixPath(key).suffix],
            ChecksumSHA256=checksum,
            ExpectedBucketOwner=owner,
            # S3 refuses the second of two concurrent publications.
            **({} if may_be_there else {"IfNoneMatch": "*"}),
        )


def _link(region: str, bucket: str, version: str, stack: str) -> str:
    hosts = _HOSTS[partition_of(region)]
    template = f"https://{bucket}.s3.{region}.{hosts.suffix}/{prefix(version)}{TEMPLATE}"
    return (
        f"https://{hosts.console}/cloudformation/home?region={region}"
        f"#/stacks/create/review?templateURL={template}&stackName={stack}"
    )
