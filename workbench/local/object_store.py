"""S3, emulated by moto's server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from workbench.local.bounded_server import Limits
from workbench.local.http_server import HttpServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
"""Arbitrary values, because moto accepts any."""

# The largest object that the service reads has 32 MiB. moto has a body in memory several times.
_LIMITS = Limits(body_bytes=40 * 1024 * 1024, threads=4)


@dataclass(frozen=True)
class ObjectStore:
    """Running S3 with one empty bucket."""

    url: str
    bucket: str
    client: S3Client

    def list_keys(self) -> list[str]:
        """Keys of all objects in the bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]


@contextmanager
def running(bucket: str, region: str) -> Iterator[ObjectStore]:
    """Start S3 with ``bucket`` in it."""
    with HttpServer(_moto(), limits=_LIMITS) as server:
        client = boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name=region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        if region == "us-east-1":  # S3 refuses this one region as a location constraint
            client.create_bucket(Bucket=bucket)
        else:
            client.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": cast("BucketLocationConstraintType", region)},
            )
        with closing(client):
            yield ObjectStore(server.url, bucket, client)


@contextmanager
def also_at(host: str) -> Iterator[str]:
    """Serves the same objects at another address of this machine, and yields its URL; moto keeps them in memory."""
    with HttpServer(_moto(), host=host, limits=_LIMITS) as server:
        yield server.url


def _moto() -> WSGIApplication:
    """Application of moto, which reads the path as the client wrote it under another name than servers give it."""
    backends = DomainDispatcherApplication(create_backend_app)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        environ["RAW_URI"] = environ["REQUEST_URI"]
        return backends(environ, start_response)

    return application
