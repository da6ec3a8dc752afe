"""Images to build, as the asset manifest tells the CDK command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack

from stacks.assets.container_images import ContainerImages
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.places import REPOSITORY

pytestmark = pytest.mark.synth


def _sources(output: Path, customized_application: str | None = None, **context: str) -> list[dict[str, Any]]:
    app = App(outdir=str(output), context={"aws:cdk:disable-asset-staging": True, **context})
    stack = Stack(app, "stack")
    ContainerImages(
        stack,
        "Images",
        parameters=Parameters(stack, has_customized_image=False),
        partition=Partition(stack, "Partition"),
        customized_application=customized_application,
    )
    app.synth()
    manifest = json.loads((output / "stack.assets.json").read_text(encoding="utf-8"))
    return [asset["source"] for asset in manifest.get("dockerImages", {}).values()]


def _arguments(output: Path, **context: str) -> list[dict[str, str]]:
    return sorted((source["dockerBuildArgs"] for source in _sources(output, **context)), key=lambda a: a["PROCESSOR"])


def test_one_dockerfile_for_both_processors(tmp_path: Path) -> None:
    assert _arguments(tmp_path) == [{"PROCESSOR": "cpu"}, {"PROCESSOR": "gpu"}]
    assert {source["dockerFile"] for source in _sources(tmp_path / "again")} == {"containers/inference/Dockerfile"}


@pytest.mark.parametrize(("engine", "outputs"), [("docker", ["type=docker,oci-mediatypes=false"]), ("podman", None)])
def test_manifests_are_docker_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, outputs: list[str] | None
) -> None:
    """SageMaker refuses OCI's; Podman has no such option, and gets its format from the environment."""
    monkeypatch.setenv("CDK_DOCKER", engine)
    for source in _sources(tmp_path, "containers/customized-application"):
        assert source.get("dockerOutputs") == outputs


@pytest.mark.parametrize(
    ("image", "built"),
    [("cpu", [{"PROCESSOR": "cpu"}]), ("gpu", [{"PROCESSOR": "gpu"}]), ("none", []), ("customized", [])],
)
def test_only_the_named_image_is_built(tmp_path: Path, image: str, built: list[dict[str, str]]) -> None:
    assert _arguments(tmp_path, builtImage=image) == built


def test_only_the_customized_application_is_built(tmp_path: Path) -> None:
    (source,) = _sources(tmp_path, "containers/customized-application", builtImage="customized")
    assert source["dockerBuildArgs"] == {"APPLICATION_FOLDER": "containers/customized-application"}


def test_another_processor_is_refused_by_a_template_without_its_image(tmp_path: Path) -> None:
    """An operator may choose it in the console, where no image can be built."""
    stack = Stack(App(outdir=str(tmp_path), context={"aws:cdk:disable-asset-staging": True, "builtImage": "cpu"}), "s")
    images = ContainerImages(
        stack,
        "Images",
        parameters=Parameters(stack, has_customized_image=False),
        partition=Partition(stack, "Partition"),
        customized_application=None,
    )
    (choice,) = (
        part for part in stack.resolve(images.image_uri)["Fn::If"] if isinstance(part, dict) and "Fn::If" in part
    )
    _, for_gpu, for_cpu = choice["Fn::If"]
    assert for_gpu == "this-template-has-no-gpu-image.deploy-with-ipc-ai-deploy"
    assert "container-assets" in json.dumps(for_cpu)


@pytest.mark.parametrize(
    ("context", "argument"),
    [
        ("baseImage", "BASE_IMAGE"),
        ("pipIndexUrl", "PIP_INDEX_URL"),
        ("models", "MODELS"),
        ("modelsFrom", "MODELS_FROM"),
        ("runAs", "RUN_AS"),
    ],
)
def test_context_values_are_build_arguments_of_both(tmp_path: Path, context: str, argument: str) -> None:
    dockerfile = (REPOSITORY / "containers/inference/Dockerfile").read_text(encoding="utf-8")
    assert f"ARG {argument}=" in dockerfile
    for arguments in _arguments(tmp_path, **{context: "a value"}):
        assert arguments[argument] == "a value"
        assert set(arguments) == {"PROCESSOR", argument}


def test_a_customized_application_takes_the_mirrors_and_no_models(tmp_path: Path) -> None:
    given = {"baseImage": "base", "pipIndexUrl": "index", "models": "m", "runAs": "root"}
    sources = _sources(tmp_path, "containers/customized-application", **given)
    (arguments,) = (
        source["dockerBuildArgs"] for source in sources if "APPLICATION_FOLDER" in source["dockerBuildArgs"]
    )
    assert arguments == {
        "APPLICATION_FOLDER": "containers/customized-application",
        "BASE_IMAGE": "base",
        "PIP_INDEX_URL": "index",
        "RUN_AS": "root",
    }
    assert len(sources) == 3


@pytest.mark.parametrize("folder", ["inference", "customized-application"])
def test_the_user_is_an_argument(folder: str) -> None:
    """Podman's cache takes an image for another user's unless a RUN follows the argument."""
    dockerfile = (REPOSITORY / "containers" / folder / "Dockerfile").read_text(encoding="utf-8")
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^ARG RUN_AS=10001$.*^RUN .*^USER \$\{RUN_AS\}$", last_stage, re.DOTALL | re.MULTILINE)
