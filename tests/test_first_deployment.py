"""The commands of the page on the first deployment exist, and find what they name in the template."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from tests.stacks.rendering import of_type, rendered

_PAGES = Path(__file__).resolve().parent.parent / "docs" / "operations"
_GLOBAL = {"query", "output", "max-items"}
_SERVICES = {"s3api": "s3"}  # where AWS's command line has another name
_ITS_OWN = {"s3"}  # commands of the command line that no API has


def _commands(page: str) -> Iterator[list[str]]:
    """Words of all commands of ``aws`` on a page, also of those inside ``$(...)``."""
    text = (_PAGES / page).read_text(encoding="utf-8").replace("\\\n", " ")
    for written in re.findall(r"`(aws [^`]+)`", text) + re.findall(
        r"^ *(?:\w+=)?\$?\(?(aws [^\n]+)", text, re.MULTILINE
    ):
        for part in (written, *re.findall(r"\$\((aws [^()]+)\)", written)):
            outside = re.sub(r"\$\([^()]*\)", "X", part).rstrip(")")
            yield shlex.split(outside.split(" | ")[0])


COMMANDS = sorted({tuple(words) for words in _commands("first-deployment.md")})


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_has_its_operation_and_options(words: tuple[str, ...]) -> None:
    _, service, operation, *rest = words
    if service in _ITS_OWN:
        return
    model = botocore.session.Session().get_service_model(_SERVICES.get(service, service))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    taken = model.operation_model(operations[operation]).input_shape
    options = {xform_name(name, "-") for name in (taken.members if taken else {})}
    required = {xform_name(name, "-") for name in (taken.required_members if taken else [])}
    given = {word.removeprefix("--") for word in rest if word.startswith("--")}
    flags = {f"no-{name}" for name in options}
    assert given <= options | flags | _GLOBAL | {name.removesuffix("s") for name in options}, words
    assert required <= given
    if "--query" in rest:
        importlib.import_module("jmespath").compile(rest[rest.index("--query") + 1])


def test_there_are_many_commands() -> None:
    assert len(COMMANDS) > 30


def test_resources_that_are_looked_up_are_there_once(template: dict[str, Any]) -> None:
    text = (_PAGES / "first-deployment.md").read_text(encoding="utf-8")
    found = set(re.findall(r"\$\(resource (\w+) ([\w:]+)\)", text))
    assert len(found) > 5
    given = {"applicationType": "body-detection", "detectorModelName": "yolox_nano", "saveRequestEvents": "Yes"}
    given |= {"apiAuthorization": "CAMERA"}
    resources = rendered(template, **given)
    for beginning, kind in found:
        matching = [name for name in of_type(resources, f"AWS::{kind}") if name.startswith(beginning)]
        assert len(matching) == 1, (beginning, kind, matching)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("physical_id", "name"),
    [
        ("arn:aws-cn:sagemaker:cn-north-1:111122223333:model/first-Model-1a", "first-Model-1a"),
        ("/aws/vendedlogs/first", "/aws/vendedlogs/first"),
        ("first-function", "first-function"),
    ],
)
def test_a_resource_that_is_looked_up_has_its_name(physical_id: str, name: str) -> None:
    """CloudFormation's id of SageMaker's resources is their ARN, which no operation takes as a name."""
    page = (_PAGES / "first-deployment.md").read_text(encoding="utf-8")
    function = re.search(r"^resource\(\) \{\n.*?^\}", page, re.MULTILINE | re.DOTALL)
    assert function is not None
    script = f"aws() {{ echo '{physical_id}'; }}\n{function[0]}\nresource Model SageMaker::Model"
    finished = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout == f"{name}\n"


def test_both_languages_have_the_same_commands() -> None:
    assert sorted({tuple(words) for words in _commands("first-deployment_CN.md")}) == COMMANDS
