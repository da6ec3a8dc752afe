"""Build the serving image with Docker or Podman, and push it into your own ECR."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.assets.published_names import PROCESSORS
from workbench import places
from workbench.deployment.account import Account
from workbench.errors import AccountError, ImageError, StartError
from workbench.images import image_recipe
from workbench.images.image_recipe import Recipe
from workbench.images.image_registry import USER, Repository, password, region_of
from workbench.local import container_engine
from workbench.local.container_engine import Engine

_STANDARD_PARTITION = "aws"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REPOSITORY_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
# Build arguments by their option.
_BUILD_ARGUMENTS = {"base_image": "BASE_IMAGE", "pip_index_url": "PIP_INDEX_URL", "models": "MODELS"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("action", choices=tuple(_ACTIONS), help="build it here, or build it and push it to ECR")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--processor", choices=PROCESSORS, help="the built-in applications' image (default: cpu)")
    kind.add_argument(
        "--application-folder", metavar="DIR", help="your own container instead, a folder under containers/"
    )
    parser.add_argument("--repository", metavar="NAME", help="repository in ECR (default: one for each kind of image)")
    parser.add_argument("--tag", help="tag (default: commit, kind, and a digest of what the image is made of)")
    parser.add_argument("--base-image", metavar="IMAGE", help="Debian 12 with Python 3.11 and its venv module")
    parser.add_argument("--pip-index-url", metavar="URL", help="package index instead of PyPI")
    parser.add_argument("--models", metavar="NAMES", help="models of the catalogue to fetch into it, spaces between")
    parser.add_argument("--kms-key", metavar="ARN", help="key that encrypts a new repository (default: ECR's own)")
    parser.add_argument("--engine", choices=container_engine.NAMES, help="default: Docker, else Podman")
    parser.add_argument("--region", help="region (default: that of the profile or the environment)")
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--dry-run", action="store_true", help="print every command, and do nothing")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON; all else goes to stderr")


def run(arguments: argparse.Namespace, *, checkout: Path = places.REPOSITORY) -> int:
    """Build the image; for ``push`` also create its repository, log in and push it."""
    account = _account(arguments)
    recipe = _recipe(arguments, checkout, account)
    tag = arguments.tag or recipe.tag()
    name = arguments.repository or recipe.repository
    _check(name, tag)
    engine = _engine(arguments)
    return _ACTIONS[arguments.action](_Task(arguments, account, recipe, engine, name, tag))


@dataclass(frozen=True)
class _Task:
    """Task of the verb: its arguments, with the account, the engine and the recipe for them."""

    arguments: argparse.Namespace
    account: Account | None
    recipe: Recipe
    engine: Engine
    name: str
    tag: str

    def build(self, image: str) -> None:
        """Build the recipe, after a login where its base image lies in ECR."""
        region = self._region_of_base()
        if region:
            self.login(_host(self._base), region)
        command = self.recipe.build_command(self.engine, image)
        self.call(command, environment={**os.environ, **self.engine.build_environment})

    def login(self, host: str, region: str) -> None:
        """Logs the engine in; the password goes through a pipe, because lists of processes show arguments."""
        self.call(_login_command(self.engine, host), secret=password(_required(self.account), region))

    def call(
        self, command: Sequence[str], *, secret: str | None = None, environment: dict[str, str] | None = None
    ) -> None:
        """Run a command on this terminal.

        Raises:
            ImageError: it failed.
        """
        self.say(f"$ {shlex.join(command)}")
        finished = subprocess.run(
            command,
            cwd=self.recipe.checkout,
            env=environment,
            input=secret,
            stdin=subprocess.DEVNULL if secret is None else None,
            stdout=sys.stderr if self.arguments.json else None,
            text=True,
            check=False,
        )
        if finished.returncode:
            words = " ".join(command[: len(self.engine.command) + 1])
            raise ImageError(f"'{words}' ended with exit code {finished.returncode}; what it printed above says why")

    def build_lines(self, image: str) -> list[str]:
        """Commands of ``build`` in the form to type them."""
        region = self._region_of_base()
        lines = [self.login_line(_host(self._base), region)] if region else []
        given = [f"{name}={value}" for name, value in self.engine.build_environment.items()]
        return [*lines, shlex.join([*given, *self.recipe.build_command(self.engine, image)])]

    def login_line(self, host: str, region: str) -> str:
        """Command of ``login`` in the form to type it."""
        return f"aws ecr get-login-password --region {region} | {shlex.join(_login_command(self.engine, host))}"

    def say(self, text: str) -> None:
        """Print a line for people."""
        print(text, file=sys.stderr if self.arguments.json else sys.stdout, flush=True)

    def answer(self, facts: dict[str, Any], lines: Sequence[str]) -> int:
        """End with the facts as JSON, or with lines for people."""
        print(json.dumps(facts, indent=2) if self.arguments.json else "\n".join(lines), flush=True)
        return 0

    @property
    def _base(self) -> str:
        return self.recipe.build_arguments.get("BASE_IMAGE", "")

    def _region_of_base(self) -> str | None:
        return region_of(self._base)


def _build(task: _Task) -> int:
    image = f"localhost/{task.name}:{task.tag}"
    if task.arguments.dry_run:
        commands = task.build_lines(image)
        return task.answer({"dry_run": True, "image": image, "commands": commands}, commands)
    task.build(image)
    return task.answer({"image": image, "tag": task.tag, "kind": task.recipe.kind}, [f"built {image}"])


def _push(task: _Task) -> int:
    account = _required(task.account)
    if task.arguments.dry_run:
        repository, why = _repository(task, account, needs_account=False)
        image = repository.uri(task.tag)
        commands = [
            *(f"{command}  # where {task.name} is missing" for command in repository.creation_commands()),
            *task.build_lines(image),
            task.login_line(repository.host, repository.region),
            shlex.join([*task.engine.command, "push", image]),
        ]
        notes = [f"# ACCOUNT stands for your account: {why}"] if why else []
        return task.answer({"dry_run": True, "containerImageUri": image, "commands": commands}, [*notes, *commands])
    repository, _ = _repository(task, account, needs_account=True)
    image = repository.uri(task.tag)
    client = account.client("ecr")
    is_there = repository.has(client, task.tag)
    if is_there and task.arguments.tag:
        raise ImageError(f"{image} is there already, and a tag never moves to another image; name another with --tag")
    if not is_there:
        for difference in repository.create_where_missing(client):
            task.say(f"note: {difference}")
        task.build(image)
        task.login(repository.host, repository.region)
        task.call([*task.engine.command, "push", image])
    facts = {
        "containerImageUri": image,
        "digest": repository.digest(client, task.tag),
        "repository": task.name,
        "tag": task.tag,
        "kind": task.recipe.kind,
        "pushed": not is_there,
    }
    done = "is there already, made of the same files" if is_there else "pushed"
    return task.answer(facts, [f"{done}: {facts['digest']}", f"containerImageUri={image}"])


_ACTIONS = {"build": _build, "push": _push}


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
    values = {argument: getattr(arguments, option) for option, argument in _BUILD_ARGUMENTS.items()}
    given = {argument: value for argument, value in values.items() if value}
    partition = account.partition if account else _STANDARD_PARTITION
    if arguments.application_folder:
        return image_recipe.customized(
            arguments.application_folder, checkout=checkout, given=given, partition=partition
        )
    return image_recipe.built_in(
        arguments.processor or PROCESSORS[0], checkout=checkout, given=given, partition=partition
    )


def _check(name: str, tag: str) -> None:
    if not _REPOSITORY_NAME.fullmatch(name):
        raise ImageError(f"'{name}' is no repository's name; use small letters, digits, '.', '_', '-' and '/'")
    if not _TAG.fullmatch(tag):
        raise ImageError(f"'{tag}' is no tag; use letters, digits, '.', '_' and '-', at most 128")


def _repository(task: _Task, account: Account, *, needs_account: bool) -> tuple[Repository, str]:
    """Repository, and the reason why its account is unknown, empty where it is known."""
    number, why = "ACCOUNT", ""
    try:
        number = account.number()
    except AccountError as error:
        if needs_account:
            raise
        why = str(error)
    return Repository(number, account.region, account.partition, task.name, task.arguments.kms_key), why


def _login_command(engine: Engine, host: str) -> list[str]:
    return [*engine.command, "login", "--username", USER, "--password-stdin", host]


def _host(image: str) -> str:
    return image.partition("/")[0]


def _required(account: Account | None) -> Account:
    if account is None:
        raise ImageError("the base image lies in ECR, and no region is chosen; name one with --region")
    return account
