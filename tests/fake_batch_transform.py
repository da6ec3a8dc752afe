"""Fake of SageMaker's batch transform: moto keeps models and jobs, and this sends the objects to the real container.

It keeps to "Custom Inference Code with Batch Transform" of SageMaker's guide: the container gets the model's
environment and SAGEMAKER_BATCH, is pinged, asked for /execution-parameters where the job leaves its numbers out, and
gets one object in each request. The answer to ``s3://PREFIX/KEY`` of a manifest is ``S3OutputPath/KEY.out``. One
failed object fails the job.
"""

from __future__ import annotations

import json
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from workbench.local.container import serving_container

_MEGABYTE = 1024 * 1024


class FakeBatchTransform:
    """Client of SageMaker whose transform jobs run to their end in CreateTransformJob.

    Attributes:
        requests: what CreateTransformJob was asked for.
        most_at_once: most requests that one container had at once.
    """

    def __init__(self, sagemaker: Any, s3: Any, work: Path) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._work = work
        self._failures: dict[str, str] = {}
        self._lock = threading.Lock()
        self._at_once = 0
        self.most_at_once = 0
        self.requests: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sagemaker, name)

    def create_transform_job(self, **request: Any) -> Any:
        answer = self._sagemaker.create_transform_job(**request)
        self.requests.append(request)
        self._run(request)
        return answer

    def describe_transform_job(self, **named: str) -> Any:
        described = self._sagemaker.describe_transform_job(**named)
        reason = self._failures.get(named["TransformJobName"])
        return described | ({"TransformJobStatus": "Failed", "FailureReason": reason} if reason else {})

    def _run(self, request: dict[str, Any]) -> None:
        folder = self._work / request["TransformJobName"]
        model = self._sagemaker.describe_model(ModelName=request["ModelName"])
        with serving_container.running(
            {
                **model["PrimaryContainer"]["Environment"],
                "SAGEMAKER_BATCH": "true",
                "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
                "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(request["MaxPayloadInMB"]),
            },
            service_environment={},
            model_dir=self._model_dir(model["PrimaryContainer"].get("ModelDataUrl"), folder / "model"),
            model_store=folder / "no-models",
            log=folder / "log",
        ) as (url, _):
            assert httpx.get(f"{url}/ping").status_code == 200
            told = httpx.get(f"{url}/execution-parameters")
            asked = told.json() if told.status_code == 200 else {}
            assert asked.get("BatchStrategy", "MULTI_RECORD") in ("SINGLE_RECORD", "MULTI_RECORD")
            at_once = request.get("MaxConcurrentTransforms") or asked.get("MaxConcurrentTransforms", 1)
            assert at_once * request["MaxPayloadInMB"] <= 100
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(lambda key: self._send(key, url, request), self._keys(request)))

    def _model_dir(self, url: str | None, folder: Path) -> Path:
        folder.mkdir(parents=True)
        if url:
            bucket, _, key = url.removeprefix("s3://").partition("/")
            archive = folder.with_suffix(".tar.gz")
            self._s3.download_file(bucket, key, str(archive))
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        return folder

    def _keys(self, request: dict[str, Any]) -> list[tuple[str, str]]:
        """URIs of the objects, and their names relative to the manifest's prefix."""
        source = request["TransformInput"]["DataSource"]["S3DataSource"]
        assert source["S3DataType"] == "ManifestFile"
        first, *names = json.loads(self._object(source["S3Uri"]))
        return [(f"{first['prefix']}{name}", name) for name in names]

    def _send(self, named: tuple[str, str], url: str, request: dict[str, Any]) -> None:
        uri, name = named
        body = self._object(uri)
        if len(body) > request["MaxPayloadInMB"] * _MEGABYTE:
            self._failures[request["TransformJobName"]] = f"{uri}: too large"
            return
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        headers = {
            "Content-Type": request["TransformInput"]["ContentType"],
            "Accept": request["TransformOutput"]["Accept"],
        }
        answer = httpx.post(f"{url}/invocations", content=body, headers=headers, timeout=60)
        with self._lock:
            self._at_once -= 1
        if not answer.is_success:
            self._failures[request["TransformJobName"]] = f"ClientError: {answer.status_code}"
            return
        bucket, _, path = request["TransformOutput"]["S3OutputPath"].removeprefix("s3://").partition("/")
        self._s3.put_object(Bucket=bucket, Key=f"{path.rstrip('/')}/{name}.out", Body=answer.content)

    def _object(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body
