"""Build an image with Docker or Podman, the serving program's or your own, and push it into your own ECR."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stacks.assets.published_names import PROCESSORS
from stacks.context import require_models_of_catalogue
from stacks.errors import ContextValueError
from workbench import places, regions
from workbench.deployment.account import Account
from workbench.errors import AccountError, ImageError, StartError
from workbench.images import image_recipe, pushing
from workbench.images.engine_commands import EngineCommands
from workbench.images.image_recipe import Recipe
from workbench.images.image_registry import Repository
from workbench.images.local_image import LocalImage
from workbench.images.pushing import Pushed
from workbench.local.container import container_engine
from workbench.local.container.container_engine import Engine

_STANDARD_PARTITION = "aws"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REPOSITORY_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
# Build arguments by their option.
_BUILD_ARGUMENTS = {"base_image": "BASE_IMAGE", "pip_index_url": "PIP_INDEX_URL", "models": "MODELS"}
_OF_A_BUILD = (*_BUILD_ARGUMENTS, "build_arg", "file", "context", "processor", "application_folder")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "action", choices=("build", "push"), help="build it here, or push it to ECR, built where needed"
    )
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="for push: an image that is on this machine already")
    parser.add_argument("--processor", choices=PROCESSORS, help="variant of the image (default: cpu)")
    parser.add_argument(
        "--application-folder", metavar="DIR", help="your own application's container, a folder under containers/"
    )
    parser.add_argument("--file", type=Path, metavar="DOCKERFILE", help="any Dockerfile, with nothing of this project")
    parser.add_argument("--context", type=Path, metavar="DIR", help="its build context (default: the file's folder)")
    parser.add_argument(
        "--build-arg",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a build argument; several after one each",
    )
    parser.add_argument("--repository", metavar="NAME", help="repository in ECR (default: one for each kind of image)")
    parser.add_argument(
        "--tag",
        help="tag, or with --file also NAME:TAG (default: commit, kind, and a digest of what the image is made of)",
    )
    parser.add_argument("--base-image", metavar="IMAGE", help="Debian 12 with Python 3.11 and its venv module")
    parser.add_argument("--pip-index-url", metavar="URL", help="package index instead of PyPI")
    parser.add_argument("--models", metavar="NAMES", help="models of the catalogue to fetch into it, spaces between")
    parser.add_argument("--kms-key", metavar="ARN", help="key that encrypts a new repository (default: ECR's own)")
    parser.add_argument("--engine", choices=container_engine.NAMES, help="default: Docker, else Podman")
    parser.add_argument(
        "--region", type=regions.argument, help="region (default: that of the profile or the environment)"
    )
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--dry-run", action="store_true", help="print every command, and do nothing")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON; all else goes to stderr")


def run(arguments: argparse.Namespace, *, checkout: Path = places.REPOSITORY) -> int:
    """Build the image; for ``push`` also creates its repository, logs in and pushes it."""
    if arguments.image is not None:
        return _push_as_it_is(arguments)
    account = _account(arguments)
    recipe = _recipe(arguments, checkout, account)
    name, tag = _named(arguments)
    name, tag = name or recipe.repository, tag or recipe.tag()
    _check(name, tag)
    commands = EngineCommands(_engine(arguments), recipe.checkout, account, spare_stdout=arguments.json)
    if arguments.action == "build":
        return _build(arguments, recipe, f"localhost/{name}:{tag}", commands)
    return _build_and_push(arguments, recipe, name, tag, commands)


def _build(arguments: argparse.Namespace, recipe: Recipe, image: str, commands: EngineCommands) -> int:
    if arguments.dry_run:
        lines = commands.build_lines(recipe, image)
        return _answer(arguments, {"dry_run": True, "image": image, "commands": lines}, lines)
    commands.build(recipe, image)
    facts = {"image": image, "tag": image.rpartition(":")[2], "kind": recipe.kind}
    return _answer(arguments, facts, [f"built {image}"])


def _build_and_push(
    arguments: argparse.Namespace, recipe: Recipe, name: str, tag: str, commands: EngineCommands
) -> int:
    account = commands.account
    assert account is not None  # because a push needs one
    repository, why = pushing.place(account, name, arguments.kms_key, needs_account=not arguments.dry_run)
    if arguments.dry_run:
        lines = pushing.lines_built(recipe, repository, tag, commands)
        return _answer_dry(arguments, repository.uri(tag), why, lines)
    pushed = pushing.built(recipe, repository, tag, commands, account.client("ecr"), is_named=arguments.tag is not None)
    done = "pushed" if pushed.is_new else "is there already, made of the same files"
    return _answer_pushed(arguments, pushed, repository, tag, done, kind=recipe.kind)


def _push_as_it_is(arguments: argparse.Namespace) -> int:
    """Push an image that is on this machine already."""
    if arguments.action == "build":
        raise ImageError(
            "build makes an image and takes none; name its Dockerfile with --file, and its name with --tag"
        )
    given = [f"--{option.replace('_', '-')}" for option in _OF_A_BUILD if getattr(arguments, option)]
    if given:
        raise ImageError(f"{', '.join(given)} is for a build, and {arguments.image} is built already; leave one out")
    local = LocalImage.of(arguments.image)
    if local.region and arguments.region not in (None, local.region):
        raise ImageError(f"{local.reference} names {local.region}, and --region {arguments.region}; leave one out")
    name, tag = arguments.repository or local.repository, arguments.tag or local.tag
    _check(name, tag)
    account = Account(profile=arguments.profile, region=local.region or arguments.region)
    engine, missing = _engine_of(local, arguments)
    commands = EngineCommands(engine, Path.cwd(), account, spare_stdout=arguments.json)
    repository, why = pushing.place(account, name, arguments.kms_key, needs_account=not arguments.dry_run)
    if arguments.dry_run:
        lines = pushing.lines_as_it_is(local, repository, tag, commands)
        return _answer_dry(arguments, repository.uri(tag), why, lines, missing)
    pushed = pushing.as_it_is(local, repository, tag, commands, account.client("ecr"))
    return _answer_pushed(arguments, pushed, repository, tag, "pushed" if pushed.is_new else "is there already")


def _engine_of(local: LocalImage, arguments: argparse.Namespace) -> tuple[Engine, str]:
    """Find the engine that has the image; for a dry run any, with the reason why none has it."""
    try:
        return local.engine(arguments.engine), ""
    except (ImageError, StartError) as error:
        if not arguments.dry_run:
            raise
        return _engine(arguments), str(error)


def _account(arguments: argparse.Namespace) -> Account | None:
    """Find the account; a build needs none unless its base image lies in ECR."""
    try:
        return Account(profile=arguments.profile, region=arguments.region)
    except AccountError:
        if arguments.action == "push" or arguments.profile:
            raise
        return None


def _engine(arguments: argparse.Namespace) -> Engine:
    """Find the engine that works here; a dry run needs none, and shows the commands for another machine."""
    try:
        return container_engine.working(arguments.engine)
    except StartError:
        if not arguments.dry_run:
            raise
        return container_engine.as_named(arguments.engine)


def _recipe(arguments: argparse.Namespace, checkout: Path, account: Account | None) -> Recipe:
    try:
        require_models_of_catalogue(arguments.models)
    except ContextValueError as error:
        raise ImageError(f"--{error}") from error
    values = {argument: getattr(arguments, option) for option, argument in _BUILD_ARGUMENTS.items()}
    given = {argument: value for argument, value in values.items() if value}
    for word in arguments.build_arg:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise ImageError(f"--build-arg '{word}' is not NAME=VALUE; write for example --build-arg PROCESSOR=gpu")
        given[name] = value
    partition = account.partition if account else _STANDARD_PARTITION
    if arguments.file or arguments.context:
        for option in ("processor", "application_folder", "models"):
            if getattr(arguments, option):
                raise ImageError(
                    f"--{option.replace('_', '-')} is for this project's Dockerfiles; leave it out, or --file and "
                    "--context, and give your own Dockerfile its values with --build-arg NAME=VALUE"
                )
        return image_recipe.of_dockerfile(arguments.file, arguments.context, given=given)
    if arguments.application_folder:
        return image_recipe.customized(
            arguments.application_folder, arguments.processor, checkout=checkout, given=given, partition=partition
        )
    return image_recipe.built_in(
        arguments.processor or PROCESSORS[0], checkout=checkout, given=given, partition=partition
    )


def _named(arguments: argparse.Namespace) -> tuple[str | None, str | None]:
    """Name and tag that the operator gives; ``--tag NAME:TAG`` has both for a Dockerfile of the operator's own."""
    name, tag = arguments.repository, arguments.tag
    if tag and ":" in tag and not name and (arguments.file or arguments.context):
        name, _, tag = tag.rpartition(":")
    return name, tag


def _check(name: str, tag: str) -> None:
    if not _REPOSITORY_NAME.fullmatch(name):
        raise ImageError(f"'{name}' is no repository's name; use small letters, digits, '.', '_', '-' and '/'")
    if not _TAG.fullmatch(tag):
        raise ImageError(f"'{tag}' is no tag; use letters, digits, '.', '_' and '-', at most 128")


def _answer_pushed(
    arguments: argparse.Namespace, pushed: Pushed, repository: Repository, tag: str, done: str, **facts: str
) -> int:
    document = {**pushing.document(pushed, repository, tag), **facts}
    return _answer(arguments, document, [f"{done}: {pushed.digest}", f"containerImageUri={pushed.uri}"])


def _answer_dry(arguments: argparse.Namespace, uri: str, why: str, lines: Sequence[str], missing: str = "") -> int:
    notes = [f"ACCOUNT stands for your account: {why}"] if why else []
    notes += [f"it would fail: {missing}"] if missing else []
    facts = {"dry_run": True, "containerImageUri": uri, "commands": lines, "notes": notes}
    return _answer(arguments, facts, [*(f"# {note}" for note in notes), *lines])


def _answer(arguments: argparse.Namespace, facts: Mapping[str, Any], lines: Sequence[str]) -> int:
    """End with the facts as JSON, or with lines for people."""
    print(json.dumps(facts, indent=2) if arguments.json else "\n".join(lines), flush=True)
    return 0
