"""What the CDK command line is told to build, as the asset manifest says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack

from stacks.container_images import ContainerImages

REPOSITORY = Path(__file__).resolve().parents[2]


def _sources(output: Path, **context: str) -> list[dict[str, Any]]:
    app = App(outdir=str(output), context={"aws:cdk:disable-asset-staging": True, **context})
    ContainerImages(Stack(app, "stack"), "Images", instance_type="ml.m5.xlarge")
    app.synth()
    manifest = json.loads((output / "stack.assets.json").read_text(encoding="utf-8"))
    return [asset["source"] for asset in manifest["dockerImages"].values()]


def _arguments(output: Path, **context: str) -> list[dict[str, str]]:
    return sorted((source["dockerBuildArgs"] for source in _sources(output, **context)), key=lambda a: a["PROCESSOR"])


def test_one_dockerfile_for_both_processors(tmp_path: Path) -> None:
    assert _arguments(tmp_path) == [{"PROCESSOR": "cpu"}, {"PROCESSOR": "gpu"}]
    assert {source["dockerFile"] for source in _sources(tmp_path / "again")} == {"containers/inference/Dockerfile"}


@pytest.mark.parametrize(
    ("context", "argument"),
    [
        ("baseImage", "BASE_IMAGE"),
        ("pipIndexUrl", "PIP_INDEX_URL"),
        ("models", "MODELS"),
        ("modelsFrom", "MODELS_FROM"),
    ],
)
def test_context_values_are_build_arguments_of_both(tmp_path: Path, context: str, argument: str) -> None:
    dockerfile = (REPOSITORY / "containers/inference/Dockerfile").read_text(encoding="utf-8")
    assert f"ARG {argument}=" in dockerfile
    for arguments in _arguments(tmp_path, **{context: "a value"}):
        assert arguments[argument] == "a value"
        assert set(arguments) == {"PROCESSOR", argument}
