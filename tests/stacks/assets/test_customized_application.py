"""The operator's own container, with ``--context customizedApplication=FOLDER`` and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stacks.assets.customized_application import named_folder
from stacks.errors import CustomizedApplicationError
from workbench.errors import SynthesisError
from workbench.template.parameters import check
from workbench.template.rendered_template import render_template, synthesize

FOLDER = "containers/customized-application"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "containers" / "mine").mkdir(parents=True)
    (tmp_path / "containers" / "mine" / "Dockerfile").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "Dockerfile").touch()
    return tmp_path


@pytest.mark.parametrize("named", ["containers/mine", "./containers/mine/", "containers/../containers/mine"])
def test_the_folder_that_is_named(repository: Path, named: str) -> None:
    assert named_folder(named, repository) == "containers/mine"
    assert named_folder(str(repository / named), repository) == "containers/mine"


def test_without_the_context_there_is_none(repository: Path) -> None:
    assert named_folder(None, repository) is None


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("containers/missing", "containers/missing has no Dockerfile; name a folder that has one"),
        ("elsewhere", "elsewhere is not under containers; copy the folder there"),
        ("containers", "containers is not under containers"),
        ("containers/../elsewhere", "is not under containers"),
    ],
)
def test_a_folder_that_cannot_be_built(repository: Path, named: str, says: str) -> None:
    with pytest.raises(CustomizedApplicationError, match=says):
        named_folder(named, repository)


@pytest.fixture(scope="module")
def customized() -> dict[str, Any]:
    return synthesize({"customizedApplication": FOLDER})


def _image(template: dict[str, Any], **given: str) -> str:
    resources = render_template(template, check(template, given), "us-east-1")["Resources"]
    (model,) = (entry for entry in resources.values() if entry["Type"] == "AWS::SageMaker::Model")
    image: str = model["Properties"]["PrimaryContainer"]["Image"]
    return image


def test_its_image_runs_custom_applications_alone(template: dict[str, Any], customized: dict[str, Any]) -> None:
    own = _image(customized, applicationType="custom", detectorModelName="my-model")
    assert own == _image(customized, applicationType="custom", deployInstanceType="ml.m5.xlarge")
    for instance_type in ("ml.g4dn.xlarge", "ml.m5.xlarge"):
        built_in = _image(customized, deployInstanceType=instance_type)
        assert built_in != own
        assert built_in == _image(template, deployInstanceType=instance_type)
    named = "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine"
    assert _image(customized, applicationType="custom", containerImageUri=named) == named


@pytest.mark.processes
def test_a_folder_that_cannot_be_built_ends_the_synthesis() -> None:
    with pytest.raises(SynthesisError, match="containers/inference/serving has no Dockerfile"):
        synthesize({"customizedApplication": "containers/inference/serving"})
