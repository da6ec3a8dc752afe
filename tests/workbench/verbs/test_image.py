"""Images built and pushed by a stub of the engine to moto's ECR; the stub's calls are checked."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer

from workbench.errors import AccountError, ImageError, StartError
from workbench.verbs import image

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[3]
REGION = "eu-west-1"
HOST = f"{DEFAULT_ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"
# Stub that records its calls; `push` puts the image into moto's ECR as a registry would; FAILS names a failing command,
# HAS the image that is on the machine, DIGESTS and ARCHITECTURE what `image inspect` says of it, and MANIFEST the media
# type of the manifest that is pushed.
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys

words = [word for word in sys.argv[1:] if word != "--runtime=runc"]
told = {{"argv": words, "stdin": "" if sys.stdin.isatty() else sys.stdin.read(), "cwd": os.getcwd()}}
told["attestations"] = os.environ.get("BUILDX_NO_DEFAULT_ATTESTATIONS")
told["buildkit"] = os.environ.get("DOCKER_BUILDKIT")
if words[:2] == ["image", "inspect"]:
    if words[-1] != os.environ.get("HAS"):
        sys.exit(1)
    said = {{"--format={{{{.RepoDigests}}}}": "DIGESTS", "--format={{{{.Architecture}}}}": "ARCHITECTURE"}}
    print(os.environ.get(said.get(words[2], ""), ""))
    sys.exit(0)
if words[0] != "info":
    with (pathlib.Path(os.environ["STAND_IN"]) / "calls").open("a") as calls:
        calls.write(json.dumps(told) + "\\n")
print("engine says:", words[0])
if words[0] == os.environ.get("FAILS"):
    sys.exit(1)
if words[0] == "push":
    import boto3
    name, tag = words[-1].partition("/")[2].rsplit(":", 1)
    kind = os.environ.get("MANIFEST", "application/vnd.docker.distribution.manifest.v2+json")
    manifest = json.dumps({{"schemaVersion": 2, "mediaType": kind, "config": {{"digest": words[-1]}}, "layers": []}})
    manifest = manifest.replace("[]", json.dumps([{{"digest": os.environ.get("LAYER", ""), "size": 1}}]))
    boto3.client("ecr").put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def ecr(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Empty ECR of moto's, and the stub on the PATH as docker, with only Git beside it."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "docker").write_text(STAND_IN)
    (binaries / "docker").chmod(0o755)
    git = shutil.which("git")
    assert git
    (binaries / "git").symlink_to(git)
    settings = {
        "PATH": str(binaries),
        "STAND_IN": str(tmp_path),
        "AWS_ENDPOINT_URL": aws,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("ecr")
    for repository in client.describe_repositories()["repositories"]:
        client.delete_repository(repositoryName=repository["repositoryName"], force=True)
    return client


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy of the images' sources, without Git and without models that were fetched."""
    fetched = [path.name for path in (REPOSITORY / "containers/inference/models").iterdir() if path.is_dir()]
    root = tmp_path / "checkout"
    for part in ("catalogue", "containers"):
        shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__", *fetched))
    shutil.copy(REPOSITORY / ".dockerignore", root)
    for line in (root / ".dockerignore").read_text().splitlines():
        if line.startswith("!workbench/"):
            (root / line[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / line[1:], root / line[1:])
    return root


def _run(*words: str, checkout: Path = REPOSITORY) -> int:
    parser = argparse.ArgumentParser()
    image.add_arguments(parser)
    return image.run(parser.parse_args(words), checkout=checkout)


def _calls(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _printed(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capfd.readouterr().out)
    return document


def test_push_builds_logs_in_and_pushes(ecr: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run("push", "--json") == 0
    printed = capfd.readouterr()
    answer = json.loads(printed.out)
    build, login, push = _calls(tmp_path)
    uri = answer["containerImageUri"]
    assert uri == f"{HOST}/ipc-ai-saas/inference:{answer['tag']}"
    assert build["argv"][0] == "build"
    assert {
        "--file=containers/inference/Dockerfile",
        "--platform=linux/amd64",
        "--build-arg=PROCESSOR=cpu",
        "--build-arg=BASE_IMAGE=public.ecr.aws/docker/library/python:3.11-slim-bookworm",
        f"--tag={uri}",
        "--output=type=docker,oci-mediatypes=false",
    } <= set(build["argv"])
    assert (build["argv"][-1], build["cwd"]) == (".", str(REPOSITORY))
    assert (build["attestations"], build["buildkit"]) == ("1", "1")
    assert login["argv"] == ["login", "--username", "AWS", "--password-stdin", HOST]
    assert login["stdin"] == f"{DEFAULT_ACCOUNT_ID}-auth-token"
    assert push["argv"] == ["push", uri]
    assert "auth-token" not in printed.out + printed.err + json.dumps([call["argv"] for call in _calls(tmp_path)])
    (pushed,) = ecr.describe_images(repositoryName="ipc-ai-saas/inference")["imageDetails"]
    assert (pushed["imageTags"], pushed["imageDigest"]) == ([answer["tag"]], answer["digest"])


def test_a_new_repository_is_scanned_immutable_encrypted_and_swept(ecr: Any) -> None:
    key = f"arn:aws:kms:{REGION}:{DEFAULT_ACCOUNT_ID}:key/11111111-2222-3333-4444-555555555555"
    for name, words in (("team/plain", ()), ("team/sealed", ("--kms-key", key))):
        _run("push", "--repository", name, *words)
        (made,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
        assert (made["imageTagMutability"], made["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})
        encryption = {"encryptionType": "KMS", "kmsKey": key} if words else {"encryptionType": "AES256"}
        assert made["encryptionConfiguration"] == encryption
        (rule,) = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])["rules"]
        assert (rule["selection"]["tagStatus"], rule["action"]) == ("untagged", {"type": "expire"})


def test_a_repository_that_is_there_stays_as_it_is(ecr: Any, capfd: pytest.CaptureFixture[str]) -> None:
    ecr.create_repository(repositoryName="team/mine")
    _run("push", "--repository", "team/mine")
    said = capfd.readouterr().out
    assert "note: tags of team/mine can be moved to another image; make them IMMUTABLE" in said
    assert "note: images of team/mine are not scanned" in said
    (kept,) = ecr.describe_repositories(repositoryNames=["team/mine"])["repositories"]
    assert kept["imageTagMutability"] == "MUTABLE"


def test_the_same_content_is_pushed_once(ecr: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _run("push", "--json")
    first, calls = _printed(capfd), len(_calls(tmp_path))
    _run("push", "--json")
    assert _printed(capfd) == first | {"pushed": False}
    assert len(_calls(tmp_path)) == calls
    _run("push", "--json", "--models", "yolox_nano")
    assert _printed(capfd)["tag"] != first["tag"]


def test_a_tag_never_moves(ecr: Any, tmp_path: Path) -> None:
    _run("push", "--tag", "v1")
    calls = len(_calls(tmp_path))
    with pytest.raises(ImageError, match=r"inference:v1 is there already.*name another with --tag"):
        _run("push", "--tag", "v1")
    assert len(_calls(tmp_path)) == calls


def test_the_tag_tells_the_content(ecr: Any, checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def tag(*words: str) -> str:
        _run("build", "--dry-run", "--json", *words, checkout=checkout)
        name: str = _printed(capfd)["image"]
        return name.rpartition(":")[2]

    first = tag()
    assert first.startswith("cpu-")  # without Git there is no commit to name
    assert tag() == first
    assert len({first, tag("--processor", "gpu"), tag("--models", "yunet_n"), tag("--base-image", "mine:1")}) == 4
    customized = tag("--application-folder", "containers/customized-application")
    unrelated = {
        "containers/customized-application/inference.py": customized,  # not in the built-in applications' image
        "containers/inference/serving/__pycache__/app.pyc": first,
        "containers/inference/models/.part": first,
    }
    for path in unrelated:
        (checkout / path).parent.mkdir(exist_ok=True)
        with (checkout / path).open("a") as file:
            file.write("# changed\n")
    assert tag() == first
    assert tag("--application-folder", "containers/customized-application") != customized
    (checkout / "containers/inference/models/yolox_nano").mkdir()
    (checkout / "containers/inference/models/yolox_nano/yolox_nano.onnx").write_text("weights")
    assert tag() != first


def test_build_needs_no_account(ecr: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    words = ["--application-folder", "containers/customized-application/", "--pip-index-url", "https://mirror/simple"]
    _run("build", *words, "--tag", "mine")
    (build,) = _calls(tmp_path)
    assert {
        "--file=containers/customized-application/Dockerfile",
        "--build-arg=APPLICATION_FOLDER=containers/customized-application",
        "--build-arg=PIP_INDEX_URL=https://mirror/simple",
        "--tag=localhost/ipc-ai-saas/customized-application:mine",
    } <= set(build["argv"])
    with pytest.raises(AccountError, match="name one with --region"):
        _run("push")


def test_china_names_its_base_and_has_its_own_host(ecr: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImageError, match=r"out of reach in China; name a copy .* --base-image.*/python:3\.11-slim"):
        _run("push", "--region", "cn-north-1")
    registry = f"{DEFAULT_ACCOUNT_ID}.dkr.ecr.cn-northwest-1.amazonaws.com.cn"
    _run(
        "push", "--json", "--region", "cn-north-1", "--base-image", f"{registry}/python:3.11-slim-bookworm", "--dry-run"
    )
    commands = _printed(capfd)["commands"]
    assert commands[2] == (
        f"aws ecr get-login-password --region cn-northwest-1 | docker login --username AWS --password-stdin {registry}"
    )
    assert commands[-1].startswith(f"docker push {DEFAULT_ACCOUNT_ID}.dkr.ecr.cn-north-1.amazonaws.com.cn/ipc-ai-saas/")


def test_a_base_image_in_ecr_is_logged_in_to(ecr: Any, tmp_path: Path) -> None:
    _run("build", "--base-image", "222233334444.dkr.ecr.us-east-1.amazonaws.com/python:3.11")
    login, build = _calls(tmp_path)
    assert login["argv"][-1] == "222233334444.dkr.ecr.us-east-1.amazonaws.com"
    assert login["stdin"].endswith("-auth-token")
    assert build["argv"][0] == "build"


def test_a_dry_run_shows_every_command_and_does_nothing(
    ecr: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _run("push", "--dry-run", "--tag", "v1")
    create, policy, build, login, push = capfd.readouterr().out.splitlines()
    common = f"--region {REGION} --repository-name ipc-ai-saas/inference"
    assert create.startswith(
        f"aws ecr create-repository {common} --image-tag-mutability IMMUTABLE "
        "--image-scanning-configuration scanOnPush=true --encryption-configuration encryptionType=AES256"
    )
    assert policy.startswith(f"aws ecr put-lifecycle-policy {common} --lifecycle-policy-text ")
    assert build.startswith("BUILDX_NO_DEFAULT_ATTESTATIONS=1 DOCKER_BUILDKIT=1 docker build ")
    assert " --output=type=docker,oci-mediatypes=false " in build
    assert login == (
        f"aws ecr get-login-password --region {REGION} | docker login --username AWS --password-stdin {HOST}"
    )
    assert push == f"docker push {HOST}/ipc-ai-saas/inference:v1"
    assert _calls(tmp_path) == []
    assert ecr.describe_repositories()["repositories"] == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    _run("push", "--dry-run", "--tag", "v1", "--engine", "podman")
    said = capfd.readouterr().out
    assert said.startswith("# ACCOUNT stands for your account: AWS cannot be asked")
    assert "podman build --file=containers/inference/Dockerfile --platform=linux/amd64 --format=docker" in said
    assert "--output" not in said
    assert said.splitlines()[-1].endswith(
        f" push --format=v2s2 ACCOUNT.dkr.ecr.{REGION}.amazonaws.com/ipc-ai-saas/inference:v1"
    )


@pytest.mark.parametrize(
    "media_type", ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"]
)
def test_a_manifest_that_sagemaker_refuses(
    ecr: Any, tmp_path: Path, media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker with containerd's image store pushes images as they were built, an operator's own in OCI's format too."""
    monkeypatch.setenv("MANIFEST", media_type)
    monkeypatch.setenv("HAS", "gate:1")
    says = (
        rf"^{HOST}/gate:1 has a manifest of OCI \({re.escape(media_type)}\), and SageMaker takes Docker's alone; "
        rf"convert it with 'echo FROM {HOST}/gate:1 \| .*docker build --output type=docker,oci-mediatypes=false --tag "
        r"localhost/gate:docker -', and '.*ipc-ai image push localhost/gate:docker'$"
    )
    with pytest.raises(ImageError, match=says):
        _run("push", "gate:1")
    (there,) = ecr.describe_images(repositoryName="gate")["imageDetails"]
    monkeypatch.setenv("DIGESTS", f"[{HOST}/gate@{there['imageDigest']}]")
    with pytest.raises(ImageError, match=says):  # neither is it given out as one that is there already
        _run("push", "gate:1")
    for _ in range(2):
        with pytest.raises(ImageError, match=r"inference:\S+ has a manifest of OCI"):
            _run("push")


def test_variants_of_a_customized_application(ecr: Any, checkout: Path, tmp_path: Path) -> None:
    folder = "containers/customized-application"
    _run("build", "--application-folder", folder, "--processor", "gpu", "--tag", "mine", checkout=checkout)
    (build,) = _calls(tmp_path)
    assert {"--build-arg=PROCESSOR=gpu", f"--build-arg=APPLICATION_FOLDER={folder}"} <= set(build["argv"])
    dockerfile = checkout / folder / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("ARG PROCESSOR=cpu\n", ""))
    with pytest.raises(ImageError, match=r"Dockerfile has no line 'ARG PROCESSOR=cpu', so it makes no variants"):
        _run("build", "--application-folder", folder, "--processor", "gpu", checkout=checkout)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Folder with a Dockerfile that has nothing of this project."""
    folder = tmp_path / "Frame Quality"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG VERSION=2\nFROM debian:${VERSION}\nCOPY serve /\n")
    (folder / "serve").write_text("#!/bin/sh\n")
    return folder


def test_any_dockerfile_is_built(ecr: Any, own: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["build", "--file", str(own / "Dockerfile"), "--context", str(own), "--build-arg", "VERSION=12", "--json"]
    _run(*words)
    answer = _printed(capfd)
    (build,) = _calls(tmp_path)
    assert build["cwd"] == str(own)
    assert build["argv"][-1] == "."
    assert build["argv"][1] == f"--file={own}/Dockerfile"
    assert {"--platform=linux/amd64", "--build-arg=VERSION=12", f"--tag={answer['image']}"} <= set(build["argv"])
    name, _, tag = answer["image"].rpartition(":")
    assert name == "localhost/frame-quality"
    (own / "serve").write_text("#!/bin/bash\n")
    _run(*words)
    assert _printed(capfd)["tag"] != tag  # it tells the content
    _run(*words, "--tag", "gate/quality:7")
    assert _printed(capfd)["image"] == "localhost/gate/quality:7"


def test_the_tag_does_not_depend_on_the_umask(own: Path, ecr: Any, capfd: pytest.CaptureFixture[str]) -> None:
    tags = {}
    for mode in (0o644, 0o640, 0o600, 0o755, 0o750, 0o700):
        (own / "serve").chmod(mode)
        _run("build", "--context", str(own), "--dry-run", "--json")
        tags[mode] = _printed(capfd)["image"]
    assert tags[0o644] == tags[0o640] == tags[0o600] != tags[0o755] == tags[0o750] == tags[0o700]


def test_base_images_of_any_dockerfile_in_ecr_are_logged_in_to(ecr: Any, own: Path, tmp_path: Path) -> None:
    """Guides start from AWS's Deep Learning Containers, which take a login."""
    host = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
    (own / "Dockerfile").write_text(
        f"ARG TAG=2.6.0-cpu-py312\nFROM {host}/pytorch-inference:${{TAG}} AS base\nFROM base\n"
    )
    _run("build", "--context", str(own))
    login, build = _calls(tmp_path)
    assert (login["argv"][-1], build["argv"][0]) == (host, "build")


def test_any_dockerfile_is_built_and_pushed(ecr: Any, own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _run("push", "--context", str(own), "--tag", "gate/quality:7", "--json")
    answer = _printed(capfd)
    assert answer["containerImageUri"] == f"{HOST}/gate/quality:7"
    (made,) = ecr.describe_repositories(repositoryNames=["gate/quality"])["repositories"]
    assert (made["imageTagMutability"], made["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})


def test_an_image_of_this_machine_is_pushed(
    ecr: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAS", "localhost/frame-quality:1")
    monkeypatch.setenv("ARCHITECTURE", "arm64")
    _run("push", "localhost/frame-quality:1")
    tag, login, push = _calls(tmp_path)
    uri = f"{HOST}/frame-quality:1"
    assert tag["argv"] == ["tag", "localhost/frame-quality:1", uri]
    assert (login["argv"][-1], push["argv"]) == (HOST, ["push", uri])
    printed = capfd.readouterr().out
    assert printed.splitlines()[-1] == f"containerImageUri={uri}"
    assert "note: it is built for ARM, which Graviton instances alone run" in printed
    (made,) = ecr.describe_repositories(repositoryNames=["frame-quality"])["repositories"]
    assert (made["imageTagMutability"], made["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})
    with pytest.raises(
        ImageError, match=r"frame-quality:1 is there already with other content.* --tag 1-2, and deploy"
    ):
        _run("push", "localhost/frame-quality:1")
    (there,) = ecr.describe_images(repositoryName="frame-quality")["imageDetails"]
    monkeypatch.setenv("DIGESTS", f"[{HOST}/frame-quality@{there['imageDigest']}]")
    calls = len(_calls(tmp_path))
    _run("push", "localhost/frame-quality:1", "--json")
    assert _printed(capfd)["pushed"] is False
    assert len(_calls(tmp_path)) == calls


def test_a_tag_that_may_move_is_deployed_by_its_digest(
    ecr: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAS", "team/mine")
    ecr.create_repository(repositoryName="team/mine")
    _run("push", "team/mine", "--json")
    assert _printed(capfd)["containerImageUri"] == f"{HOST}/team/mine:latest"
    monkeypatch.setenv("LAYER", "another")
    _run("push", "team/mine", "--json")
    answer = _printed(capfd)
    assert answer["containerImageUri"] == f"{HOST}/team/mine@{answer['digest']}"


def test_an_image_that_is_named_for_its_registry(
    ecr: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    registry = f"{DEFAULT_ACCOUNT_ID}.dkr.ecr.cn-north-1.amazonaws.com.cn"
    monkeypatch.setenv("HAS", f"{registry}/gate:3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
    _run("push", f"{registry}/gate:3")
    assert [call["argv"][0] for call in _calls(tmp_path)] == ["login", "push"]
    assert f"containerImageUri={registry}/gate:3" in capfd.readouterr().out
    other = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/gate:3"
    monkeypatch.setenv("HAS", other)
    with pytest.raises(ImageError, match=r"is in account 210987654321, and your credentials are of 123456789012"):
        _run("push", other)


def test_a_dry_run_for_an_image_that_is_not_here_says_so(ecr: Any, capfd: pytest.CaptureFixture[str]) -> None:
    _run("push", "nothing:1", "--dry-run")
    note, *commands = capfd.readouterr().out.splitlines()
    assert note.startswith("# it would fail: the image nothing:1 is not on this machine; build it with ")
    assert commands[-1] == f"docker push {HOST}/nothing:1"
    _run("push", "nothing:1", "--dry-run", "--json")
    assert "nothing:1 is not on this machine" in json.loads(capfd.readouterr().out)["notes"][0]


def test_a_dry_run_for_an_image_of_this_machine(
    ecr: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAS", "frame-quality:1")
    _run("push", "frame-quality:1", "--repository", "team/mine", "--dry-run")
    *created, tag, login, push = capfd.readouterr().out.splitlines()
    uri = f"{HOST}/team/mine:1"
    assert [line.split(" --")[0] for line in created] == ["aws ecr create-repository", "aws ecr put-lifecycle-policy"]
    assert tag == f"docker tag frame-quality:1 {uri}"
    assert login.endswith(HOST)
    assert push == f"docker push {uri}"
    assert _calls(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["push", "nothing:1"],
            "the image nothing:1 is not on this machine; build it with '.*ipc-ai image build --file",
        ),
        (["push", "a b"], "'a b' is no image's name; write NAME:TAG"),
        (["build", "mine:1"], "build makes an image and takes none; name its Dockerfile with --file"),
        (["push", "mine:1", "--processor", "gpu"], "--processor is for a build, and mine:1 is built already"),
        (["build", "--file", "nowhere/Dockerfile"], "there is no folder nowhere; name the build's context"),
        (["build", "--context", "tests"], "there is no file tests/Dockerfile; name the Dockerfile with --file FILE"),
        (["build", "--context", "tests", "--processor", "gpu"], "--processor is for this project's Dockerfiles"),
        (["build", "--build-arg", "X"], "--build-arg 'X' is not NAME=VALUE"),
        (
            ["push", f"{HOST}/gate:1", "--region", "us-east-1"],
            f"{HOST}/gate:1 names eu-west-1, and --region us-east-1; leave one out",
        ),
    ],
)
def test_mistakes_with_images_of_ones_own(ecr: Any, tmp_path: Path, words: list[str], says: str) -> None:
    with pytest.raises(ImageError, match=says):
        _run(*words)
    assert _calls(tmp_path) == []


@pytest.mark.parametrize("step", ["build", "login", "push"])
def test_what_fails_is_named(step: str, ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", step)
    with pytest.raises(ImageError, match=f"'docker {step}' ended with exit code 1; what it printed above says why"):
        _run("push")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--application-folder", "elsewhere"], "elsewhere is no folder under containers/ with a Dockerfile"),
        (["--application-folder", "containers/../tests"], "is no folder under containers/"),
        (
            ["--application-folder", "containers/customized-application", "--models", "yunet_n"],
            "--models is for the built-in applications' image",
        ),
        (["--repository", "Team/Mine"], "'Team/Mine' is no repository's name"),
        (["--tag", "-x"], "'-x' is no tag"),
        (["--tag", "a:b"], "'a:b' is no tag"),
    ],
)
def test_mistakes(ecr: Any, tmp_path: Path, words: list[str], says: str) -> None:
    options = [f"{option}={value}" for option, value in zip(words[::2], words[1::2], strict=True)]
    with pytest.raises(ImageError, match=says):
        _run("push", *options)
    assert _calls(tmp_path) == []


def test_an_engine_that_is_not_here(ecr: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartError, match="podman does not work here; install it, or leave --engine out"):
        _run("build", "--engine", "podman")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match="neither Docker nor Podman works here"):
        _run("build")
