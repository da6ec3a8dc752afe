"""S3, emulated by moto's server, which keeps the newest objects in temporary files; so are SQS and DynamoDB."""

from __future__ import annotations

import os
import resource
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

from workbench.local.servers.bounded_server import Limits
from workbench.local.servers.http_server import HttpServer
from workbench.local.services import attribute_values

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
"""Arbitrary values, because moto accepts any."""

# The largest object that the service reads has 32 MiB. moto has a body in memory several times.
_LIMITS = Limits(body_bytes=40 * 1024 * 1024, threads=4)
# moto holds an open file for each larger object.
_BYTES_IN_MEMORY = 64 * 1024
_FILES_OF_ALL_ELSE = 1000
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
_MOST_OBJECTS, _MOST_BYTES = 10_000, 2 * 1024 * 1024 * 1024


@dataclass(frozen=True)
class ObjectStore:
    """Running S3 with one empty bucket."""

    url: str
    bucket: str
    client: S3Client

    @property
    def services(self) -> dict[str, str]:
        """Environment of a program that calls S3, SQS and DynamoDB, which the one server emulates."""
        names = ("S3", "SQS", "DYNAMODB")
        return {**CREDENTIALS, **{f"AWS_ENDPOINT_URL_{name}": self.url for name in names}}

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
    """Serve the same objects at another address of this machine, and yield its URL; moto has one set of them."""
    with HttpServer(_moto(), host=host, limits=_LIMITS) as server:
        yield server.url


class Newest:
    """Application of S3 that removes the oldest objects when there are too many, or too large ones."""

    def __init__(self, s3: WSGIApplication, most_objects: int, most_bytes: int) -> None:
        self._s3 = s3
        self._most_objects, self._most_bytes = most_objects, most_bytes
        self._sizes: dict[str, int] = {}
        self._bytes = 0
        self._counting = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer a request. One that writes an object makes room for it first."""
        path = urllib.parse.urlsplit(environ["RAW_URI"]).path
        if environ["REQUEST_METHOD"] == "PUT" and path.strip("/").count("/"):  # else it is the bucket's
            for old in self._too_old(path, int(environ.get("CONTENT_LENGTH") or 0)):
                Client(self._s3).delete(old, headers={"Authorization": _AUTHORIZATION})
        return self._s3(environ, start_response)

    def _too_old(self, path: str, size: int) -> list[str]:
        """Count an object, and return those that have to go for it."""
        with self._counting:
            self._bytes += size
            self._sizes[path] = self._sizes.pop(path, 0) + size  # a large one comes in several parts
            gone = []
            while len(self._sizes) > 1 and (len(self._sizes) > self._most_objects or self._bytes > self._most_bytes):
                gone.append(next(iter(self._sizes)))
                self._bytes -= self._sizes.pop(gone[-1])
            return gone


def _moto() -> WSGIApplication:
    """Application of moto, which reads the path as the client wrote it under another name than servers give it."""
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = str(_BYTES_IN_MEMORY)
    attribute_values.answer_quickly()
    newest = Newest(
        DomainDispatcherApplication(create_backend_app), min(_MOST_OBJECTS, _files_for_objects()), _MOST_BYTES
    )

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        environ["RAW_URI"] = environ["REQUEST_URI"]
        return newest(environ, start_response)

    return application


def _files_for_objects() -> int:
    """Number of open files that objects may take, after raising this process's limit as far as they need."""
    wanted = _MOST_OBJECTS + _FILES_OF_ALL_ELSE
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < wanted:
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
        return max(limit - _FILES_OF_ALL_ELSE, limit // 2)
    return _MOST_OBJECTS
