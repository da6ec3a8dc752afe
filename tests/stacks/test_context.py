"""Values of the CDK's context that end a synth with one line."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from stacks.context import NAMES, built_image, require_known, require_models_of_catalogue, stack_name
from stacks.errors import ContextValueError
from workbench.places import REPOSITORY


@pytest.mark.parametrize(("given", "name"), [(None, "ipc-ai-saas"), ("", "ipc-ai-saas"), ("shop-1", "shop-1")])
def test_names_of_stacks(given: object, name: str) -> None:
    assert stack_name(given) == name


@pytest.mark.parametrize("given", ["my_shop", "1shop", "shop 1", "店", "x" * 129, 7, ["shop"], "-shop"])
def test_names_that_cloudformation_does_not_take(given: object) -> None:
    with pytest.raises(ContextValueError, match="it takes a letter, then letters, digits and hyphens"):
        stack_name(given)


@pytest.mark.parametrize("given", [None, "", "yolox_nano", "yolox_nano  yunet_n", "yunet_n+mobileface_v2"])
def test_models_of_the_catalogue(given: object) -> None:
    require_models_of_catalogue(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("yolox_nan", "did you mean 'yolox_nano'"),
        ("yolox_nano,yunet_n", "put spaces between names"),
        (["yolox_nano"], "names of models with spaces between"),
    ],
)
def test_models_that_the_catalogue_does_not_have(given: object, says: str) -> None:
    with pytest.raises(ContextValueError, match=re.escape(says)):
        require_models_of_catalogue(given)


def test_names_of_the_stack_and_of_the_cdk() -> None:
    require_known(NAMES)
    cdks = ("@aws-cdk/core:checkSecretUsage", "aws:cdk:enable-path-metadata", "availability-zones:account=1:region=r")
    require_known([*cdks, "cli-telemetry"])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("modles", "unknown context 'modles', did you mean 'models'?; known: stackName, models"),
        ("deleteEvent", "did you mean 'deleteEvents'?"),
        ("customisedApplication", "did you mean 'customizedApplication'?"),
        ("colour", "unknown context 'colour'"),
        ("", "unknown context ''"),
    ],
)
def test_names_that_neither_reads(name: str, says: str) -> None:
    with pytest.raises(ContextValueError, match=re.escape(says)):
        require_known([name])


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("context", ['{"stackName": "my_shop"}', '{"models": "yolox_nan"}', '{"modles": "yolox_nano"}'])
def test_a_synth_ends_with_one_line(context: str) -> None:
    environment = {**os.environ, "CDK_CONTEXT_JSON": context}
    synth = subprocess.run(
        [sys.executable, "app.py"], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert synth.returncode == 1
    said = [line for line in synth.stderr.splitlines() if not line.startswith("b'")]  # jsii's words on Node.js
    assert len([line for line in said if line]) == 1
    says = ("cannot be 'my_shop'", "did you mean 'yolox_nano'", "did you mean 'models'")
    assert any(sentence in synth.stderr for sentence in says)


def test_the_one_image_to_build() -> None:
    assert built_image(None) is built_image("") is None
    assert [built_image(name) for name in ("cpu", "gpu", "customized", "none")] == ["cpu", "gpu", "customized", "none"]
    with pytest.raises(ContextValueError, match=r"builtImage cannot be 'gpus', did you mean 'gpu'\?; it takes one of"):
        built_image("gpus")
