"""Publication to moto's S3: the published files are downloaded again and checked."""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from tests.stacks.rendering import only, rendered
from workbench.errors import PublishingError, SynthesisError
from workbench.template.rendered_template import synthesize
from workbench.verbs import publish

pytestmark = pytest.mark.synth

REPOSITORY = Path(__file__).resolve().parents[3]
VERSION = "v1.2.0"
BELOW = f"ipc-ai-saas/{VERSION}/"
REGISTRIES = {"aws": DEFAULT_ACCOUNT_ID, "aws-cn": "444455556666"}


@pytest.fixture(scope="session")
def published_template() -> dict[str, Any]:
    """Template to publish, synthesized once."""
    return synthesize(
        {
            "publishBucket": "cameras",
            "publishVersion": VERSION,
            "publishRegistries": " ".join(f"{partition}={account}" for partition, account in REGISTRIES.items()),
        }
    )


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Buckets of the publisher in two regions of one partition, and in one of China."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        for region in ("eu-west-1", "eu-central-1", "cn-north-1"):
            boto3.client("s3", region_name=region).create_bucket(
                Bucket=f"cameras-{region}", CreateBucketConfiguration={"LocationConstraint": region}
            )
        yield


def _publish(template: Mapping[str, Any], *words: str) -> dict[str, str]:
    """Publishes, and returns the context with which the template was synthesized."""
    asked: dict[str, str] = {}

    def synthesized(context: Mapping[str, str]) -> dict[str, Any]:
        asked.update(context)
        return dict(template)

    parser = argparse.ArgumentParser()
    publish.add_arguments(parser)
    arguments = parser.parse_args(["--bucket", "cameras", "--version", VERSION, *words])
    assert publish.run(arguments, synthesized=synthesized) == 0
    return asked


def _downloaded(region: str = "eu-west-1") -> dict[str, bytes]:
    client = boto3.client("s3", region_name=region)
    listed = client.list_objects_v2(Bucket=f"cameras-{region}").get("Contents", [])
    return {
        entry["Key"]: client.get_object(Bucket=f"cameras-{region}", Key=entry["Key"])["Body"].read() for entry in listed
    }


def test_the_template_needs_nothing_of_the_customers_account(
    published_template: dict[str, Any], buckets: None, tmp_path: Path
) -> None:
    _publish(published_template)
    text = _downloaded()[f"{BELOW}ipc-ai-saas.template.json"].decode()
    for absent in ("BootstrapVersion", "cdk-hnb659fds", "container-assets"):
        assert absent not in text
    (tmp_path / "published.template.json").write_text(text)
    linted = subprocess.run(
        [
            *[str(Path(sys.executable).parent / "cfn-lint"), "--regions", "us-east-1", "cn-north-1", "cn-northwest-1"],
            *["--template", str(tmp_path / "published.template.json")],
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1"])
def test_code_and_image_come_from_the_stacks_own_region(published_template: dict[str, Any], region: str) -> None:
    china = region.startswith("cn-")
    account, suffix = (REGISTRIES["aws-cn"], "amazonaws.com.cn") if china else (REGISTRIES["aws"], "amazonaws.com")
    repository = f"{account}.dkr.ecr.{region}.{suffix}/ipc-ai-saas/inference:{VERSION}"
    for instance, processor in (("ml.g4dn.xlarge", "gpu"), ("ml.c5.xlarge", "cpu")):
        resources = rendered(published_template, region, deployInstanceType=instance)
        container = only(resources, "AWS::SageMaker::Model")["PrimaryContainer"]
        assert container["Image"] == f"{repository}-{processor}"
    code = only(resources, "AWS::Lambda::Function")["Code"]
    assert code["S3Bucket"] == f"cameras-{region}"
    pulls = f"arn:{'aws-cn' if china else 'aws'}:ecr:{region}:{account}:repository/ipc-ai-saas/inference"
    assert any(pulls in json.dumps(resource) for resource in resources.values() if "IAM" in resource["Type"])


def test_the_code_that_the_template_names_is_there_and_imports(
    published_template: dict[str, Any], buckets: None, tmp_path: Path
) -> None:
    _publish(published_template, "--regions", "eu-west-1", "eu-central-1")
    for region in ("eu-west-1", "eu-central-1"):
        function = only(rendered(published_template, region), "AWS::Lambda::Function")
        packed = _downloaded(region)[function["Code"]["S3Key"]]
        zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path / region)
    module, name = function["Handler"].rsplit(".", 1)
    # The workbench's interpreter is not the function's, so no compiled module is loaded; boto3 is the runtime's own.
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'eu-west-1')!r}); import {module} as m; print(m.__file__)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"AWS_DEFAULT_REGION": "eu-west-1", **function["Environment"]["Variables"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith(str(tmp_path / "eu-west-1"))
    assert name in (tmp_path / "eu-west-1" / f"{module.replace('.', '/')}.py").read_text()


def test_the_manifest_tells_what_every_file_is(published_template: dict[str, Any], buckets: None) -> None:
    _publish(published_template)
    files = {key.removeprefix(BELOW): content for key, content in _downloaded().items()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()
    }
    assert manifest["tags"] == [f"{VERSION}-cpu", f"{VERSION}-gpu"]


def test_a_version_stays_as_it_is(published_template: dict[str, Any], buckets: None) -> None:
    """A version in one region prevents writing to the others, too."""
    _publish(published_template, "--regions", "eu-central-1")
    with pytest.raises(PublishingError, match=r"v1\.2\.0 is in cameras-eu-central-1 already.*--force"):
        _publish(published_template, "--regions", "eu-west-1", "eu-central-1")
    assert _downloaded("eu-west-1") == {}
    _publish(published_template, "--regions", "eu-west-1", "eu-central-1", "--force")
    assert _downloaded("eu-west-1") == _downloaded("eu-central-1")


def test_the_links(published_template: dict[str, Any], buckets: None, capsys: pytest.CaptureFixture[str]) -> None:
    _publish(published_template, "--stack", "gate")
    assert (
        "https://console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/create/review"
        f"?templateURL=https://cameras-eu-west-1.s3.eu-west-1.amazonaws.com/{BELOW}ipc-ai-saas.template.json"
        "&stackName=gate\n"
    ) in capsys.readouterr().out
    _publish(published_template, "--regions", "cn-north-1")
    assert (
        "https://console.amazonaws.cn/cloudformation/home?region=cn-north-1#/stacks/create/review"
        f"?templateURL=https://cameras-cn-north-1.s3.cn-north-1.amazonaws.com.cn/{BELOW}ipc-ai-saas.template.json"
        "&stackName=ipc-ai-saas\n"
    ) in capsys.readouterr().out


def test_registries_are_ones_own_unless_named(published_template: dict[str, Any], buckets: None) -> None:
    assert _publish(published_template)["publishRegistries"] == f"aws={DEFAULT_ACCOUNT_ID}"
    asked = _publish(published_template, "--force", "--registry", "aws=111122223333", "aws-cn=444455556666")
    assert asked["publishRegistries"] == "aws=111122223333 aws-cn=444455556666"


def test_files_without_an_account(published_template: dict[str, Any], tmp_path: Path) -> None:
    words = ["--regions", "eu-west-1", "--registry", "aws=111122223333", "--output", str(tmp_path / "set")]
    _publish(published_template, *words)
    assert {path.suffix for path in (tmp_path / "set").iterdir()} == {".json", ".zip"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--bucket", "Cameras"], "'Cameras' begins no name of a bucket"),
        (["--bucket", "c" * 60], "longer than the 63 characters"),
        (["--version", "1 2"], "'1 2' is no version"),
        (["--version", ""], "'' is no version"),
        (["--registry", "aws=12"], "'aws=12' is not PARTITION=ACCOUNT"),
        (["--registry", "china=111122223333"], "partitions: aws, aws-cn, aws-us-gov"),
        (["--regions", "eu-west-1", "cn-north-1"], "publish for each partition alone"),
        (["--regions", "eu-west-3"], "there is no bucket cameras-eu-west-3; make it"),
    ],
)
def test_mistakes(published_template: dict[str, Any], buckets: None, words: list[str], says: str) -> None:
    with pytest.raises(PublishingError, match=says):
        _publish(published_template, *words)
    assert _downloaded() == {}


def test_code_that_nobody_else_has(template: dict[str, Any], buckets: None) -> None:
    with pytest.raises(PublishingError, match="make it by function_code"):
        _publish(template)


class _RecordingS3:
    """Client of S3 that records requests, because moto checks neither owners of buckets nor checksums."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"KeyCount": 0}

    def put_object(self, **asked: Any) -> None:
        self.asked.append(asked)


@pytest.mark.parametrize("may_be_there", [False, True])
def test_only_ones_own_bucket_is_written_and_only_what_was_made(*, may_be_there: bool) -> None:
    """Bucket names with a region at their end can be guessed, and taken by others."""
    client = _RecordingS3()
    publish._require_new(client, "cameras-eu-west-1", VERSION, "111122223333")
    publish._upload(client, "cameras-eu-west-1", "a.zip", b"content", owner="111122223333", may_be_there=may_be_there)
    assert {asked["ExpectedBucketOwner"] for asked in client.asked} == {"111122223333"}
    assert client.asked[1]["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    assert ("IfNoneMatch" in client.asked[1]) != may_be_there


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({}, "use '.venv/bin/ipc-ai publish'"),
        ({"publishVersion": "v1", "publishRegistries": "aws=12"}, "use '.venv/bin/ipc-ai publish'"),
        (
            {
                "publishVersion": "v1",
                "publishRegistries": "aws=111122223333",
                "customizedApplication": "containers/customized-application",
            },
            "a published template has no customized application",
        ),
    ],
)
def test_context_that_cannot_be_published(context: dict[str, str], says: str) -> None:
    with pytest.raises(SynthesisError, match=says):
        synthesize({"publishBucket": "cameras", **context})
