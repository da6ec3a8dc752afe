"""Docs agree with the code."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import ipc_ai_catalogue as catalogue
from inference_api import errors as api_errors
from inference_api.metrics.telemetry import UNITS
from ipc_ai_serving import errors as serving_errors
from workbench.__main__ import VERBS, main
from workbench.template import parameters_page

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("containers/*/*.md")])
READMES = ["README.md", "README_CN.md"]
ENGLISH_PAGES = sorted(
    page
    for page in [REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md")]
    if page.parent.name != "decisions" and not page.stem.endswith("_CN")
)
PARAMETER_PAGES = ["docs/parameters.md", "docs/parameters_CN.md"]
API_PAGES = ["docs/api.md", "docs/api_CN.md"]
_BLOCK = re.MULTILINE | re.DOTALL
ROOMS = [
    "stacks",
    "lambda/inference/inference_api",
    "containers/inference/serving",
    "containers/inference/serving/ipc_ai_serving",
    "workbench",
]
"""Folders whose folders docs/architecture.md lists, each with a line."""


def _text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def _subclasses(root: type[Exception]) -> Iterator[type[Any]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _subclasses(kind)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith(("#", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        assert (page.parent / target).exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (page.parent / target).read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            named = set(re.findall(r'<a (?:id|name)="([^"]+)"', (page.parent / target).read_text(encoding="utf-8")))
            assert anchor in slugs | named, link


def test_every_english_page_has_its_chinese_one() -> None:
    assert len(ENGLISH_PAGES) > 20
    for page in ENGLISH_PAGES:
        assert page.with_name(f"{page.stem}_CN.md").exists(), page.name


@pytest.mark.parametrize("page", ENGLISH_PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_the_chinese_page_is_built_like_the_english_one(page: Path) -> None:
    english, chinese = (path.read_text(encoding="utf-8") for path in (page, page.with_name(f"{page.stem}_CN.md")))
    assert _commands(english) == _commands(chinese)
    for part in (r"^# ", r"^## ", r"^### ", r"^ *\| ", r"^ *(?:[-*]|\d+\.) ", r"!\["):
        assert len(re.findall(part, _prose(english), re.MULTILINE)) == len(
            re.findall(part, _prose(chinese), re.MULTILINE)
        ), part


def _commands(text: str) -> list[str]:
    """Blocks of commands and answers, without comments."""
    return [re.sub(r" *# .*", "", block) for block in re.findall(r"^ *```(?:sh|json|sql)\n(.*?)^ *```", text, _BLOCK)]


def _prose(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=_BLOCK)


@pytest.mark.parametrize("page", PARAMETER_PAGES)
def test_parameters_are_listed_with_all_their_values(page: str, template: dict[str, Any]) -> None:
    rows = _parameter_rows(page)
    for name, parameter in template["Parameters"].items():
        if name != "BootstrapVersion":
            assert name in rows, name
            default, values = rows[name]
            assert default == [str(parameter["Default"])] * (parameter["Default"] != ""), name
            assert values == parameter.get("AllowedValues", values), name
    assert set(rows) == set(template["Parameters"]) - {"BootstrapVersion"}
    assert rows["detectorModelName"][1] == catalogue.load().detectors()  # custom takes any other, too


def test_the_english_parameters_are_those_of_the_template(template: dict[str, Any]) -> None:
    assert _text("docs/parameters.md") == parameters_page.page(template), (
        "run python -m workbench.template.parameters_page"
    )


def _parameter_rows(page: str) -> dict[str, tuple[list[str], list[str]]]:
    """Names, each with its default (none when it is empty) and the values that it takes."""
    return {
        cells[1].strip(" `"): (re.findall(r"`([^`]+)`", cells[2]), re.findall(r"`([^`]+)`", cells[3]))
        for cells in (line.split("|") for line in _text(page).splitlines() if line.startswith("| `"))
    }


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/architecture_CN.md"])
def test_every_folder_has_its_line(page: str) -> None:
    listed = re.findall(r"^\| `([\w/-]+)/` \|", _text(page), re.MULTILINE)
    assert len(listed) == len(set(listed))
    for folder in listed:
        assert (REPOSITORY / folder).is_dir(), folder
    for parent in ROOMS:
        for path in (REPOSITORY / parent).iterdir():
            if path.is_dir() and any(path.glob("**/*.py")):
                assert path.relative_to(REPOSITORY).as_posix() in listed, path


@pytest.mark.parametrize("page", ["docs/environment.md", "docs/environment_CN.md"])
def test_every_variable_that_is_listed_is_read_or_set(page: str) -> None:
    sources = [path for root in ("stacks", "lambda", "containers") for path in REPOSITORY.glob(f"{root}/**/*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    listed = [
        name for line in _text(page).splitlines() if line.startswith("| `") for name in re.findall(r"`([A-Z_]+)`", line)
    ]
    assert len(listed) > 20
    for name in listed:
        assert re.search(f"[\"']{name}[\"']", text), name


@pytest.mark.parametrize("page", ["docs/models.md", "docs/models_CN.md"])
def test_every_model_is_listed_with_its_engine_and_applications(page: str) -> None:
    rows = {line.split("|")[1].split("`")[1]: line for line in _text(page).splitlines() if line.startswith("| `")}
    for name, model in catalogue.load().models.items():
        assert model.engine in rows[name], name
        for application in model.applications:
            assert application in rows[name], name


@pytest.mark.parametrize("page", [*API_PAGES, "docs/openapi.yaml"])
def test_every_error_of_the_api_is_documented(page: str) -> None:
    for kind in _subclasses(api_errors.ApiError):
        if kind is not api_errors.RefusedByModelError:
            assert kind.code in _text(page), kind.code
    for kind in _subclasses(serving_errors.ClientError):
        assert kind.code in _text(page), kind.code


@pytest.mark.parametrize("page", ["docs/operations/watch.md", "docs/operations/watch_CN.md"])
def test_every_metric_and_alarm_is_listed(page: str, template: dict[str, Any]) -> None:
    listed = {
        name for line in _text(page).splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)
    }
    assert set(UNITS) <= listed
    alarms = {name[:-8] for name, entry in template["Resources"].items() if entry["Type"] == "AWS::CloudWatch::Alarm"}
    of_service = {name.removeprefix("ServiceAlarms") for name in alarms if name.startswith("ServiceAlarms")}
    assert of_service
    assert of_service <= listed


@pytest.mark.parametrize("readme", READMES)
def test_every_verb_and_both_commands_are_shown(readme: str) -> None:
    text = _text(readme)
    for verb in VERBS:
        assert f"ipc-ai {verb}" in text, verb
    assert text.index("make demo") < text.index("make test") < text.index("npx cdk deploy")


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_is_short(readme: str) -> None:
    assert len(_text(readme).splitlines()) <= 200


@pytest.mark.parametrize("page", API_PAGES)
def test_every_example_of_the_api_proves_who_calls(page: str) -> None:
    """A deployed stack asks for a key, a signature or a camera's credential, unless its operator chose otherwise."""
    ways = ('-H "x-api-key: $KEY"', "--aws-sigv4", '-u "gate-1:$SECRET"', "?k=$KEY")
    calls = re.findall(r"^ *curl .*(?:\n  .*)*\$API.*$", _text(page), re.MULTILINE)
    assert len(calls) > 6
    for call in calls:
        assert any(way in call for way in ways), call


def test_the_openapi_document_is_whole() -> None:
    document = yaml.safe_load(_text("docs/openapi.yaml"))
    operation = document["paths"]["/inference"]["post"]
    assert {"image/jpeg", "image/png", "application/json"} <= set(operation["requestBody"]["content"])
    assert {"200", "400", "413", "415", "502", "503", "504"} <= set(operation["responses"])
    for reference in re.findall(r"\$ref: ['\"]?#/([\w/-]+)", _text("docs/openapi.yaml")):
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_versions_are_dated_and_newest_first() -> None:
    versions = [(tuple(map(int, name.split("."))), day) for name, day in _versions()]
    assert len(versions) > 1
    assert versions == sorted(versions, reverse=True)
    assert _text("CHANGELOG.md").count("\n## [") == len(versions)  # beside "Unreleased"
    assert yaml.safe_load(_text("docs/openapi.yaml"))["info"]["version"] == _versions()[0][0]


def test_the_newest_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    newest = _versions()[0][0]
    assert tomllib.loads(_text("pyproject.toml"))["project"]["version"] == newest
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.split() == [newest]


def _versions() -> list[tuple[str, str]]:
    return re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", _text("CHANGELOG.md"), re.MULTILINE)


def test_every_make_target_named_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert target in targets, f"{page.name}: make {target}"


@pytest.mark.processes
def test_no_path_of_one_machine_is_tracked() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    private = re.compile(r"/(?:home|Users|root|work)/(?!you/)\w")
    for name in filter(None, listed.split("\0")):
        path = REPOSITORY / name
        if path.suffix in (".jpg", ".png", ".svg") or path == Path(__file__) or not path.is_file():
            continue
        match = private.search(path.read_text(encoding="utf-8"))
        assert match is None, f"{name}: {match and match.group()}"
