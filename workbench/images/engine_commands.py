"""Commands of an engine, run on this terminal: build, login, tag and push."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.deployment.account import Account
from workbench.errors import ImageError
from workbench.images.image_recipe import Recipe
from workbench.images.image_registry import USER, password, region_of
from workbench.local.container.container_engine import Engine


@dataclass(frozen=True)
class EngineCommands:
    """Commands of an engine.

    Attributes:
        engine: the engine.
        folder: folder in which commands run, the context of a build.
        account: account whose registries are logged in to; None where none is known.
        spare_stdout: whether the output of commands goes to stderr.
    """

    engine: Engine
    folder: Path
    account: Account | None
    spare_stdout: bool

    def build(self, recipe: Recipe, image: str) -> None:
        """Build the recipe, after a login to each registry of ECR that its base images lie in."""
        for host, region in _registries(recipe):
            self.login(host, region)
        command = recipe.build_command(self.engine, image)
        self.call(command, environment={**os.environ, **self.engine.build_environment})

    def login(self, host: str, region: str) -> None:
        """Log the engine in; the password goes through a pipe, because lists of processes show arguments."""
        if self.account is None:
            raise ImageError("the base image lies in ECR, and no region is chosen; name one with --region")
        self.call(self._login_command(host), secret=password(self.account, region))

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
            cwd=self.folder,
            env=environment,
            input=secret,
            stdin=subprocess.DEVNULL if secret is None else None,
            stdout=sys.stderr if self.spare_stdout else None,
            text=True,
            check=False,
        )
        if finished.returncode:
            words = " ".join(command[: len(self.engine.command) + 1])
            raise ImageError(f"'{words}' ended with exit code {finished.returncode}; what it printed above says why")

    def build_lines(self, recipe: Recipe, image: str) -> list[str]:
        """Commands of ``build`` in the form to type them, in the folder."""
        given = [f"{name}={value}" for name, value in self.engine.build_environment.items()]
        logins = [self.login_line(host, region) for host, region in _registries(recipe)]
        return [*logins, shlex.join([*given, *recipe.build_command(self.engine, image)])]

    def login_line(self, host: str, region: str) -> str:
        """Command of ``login`` in the form to type it."""
        return f"aws ecr get-login-password --region {region} | {shlex.join(self._login_command(host))}"

    def say(self, text: str) -> None:
        """Print a line for people."""
        print(text, file=sys.stderr if self.spare_stdout else sys.stdout, flush=True)

    def _login_command(self, host: str) -> list[str]:
        return [*self.engine.command, "login", "--username", USER, "--password-stdin", host]


def _registries(recipe: Recipe) -> list[tuple[str, str]]:
    """Private registries of the recipe's base images, each with its region."""
    found = {image.partition("/")[0]: region for image in recipe.base_images() if (region := region_of(image))}
    return list(found.items())
