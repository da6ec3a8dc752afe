"""Recipe of an image: its Dockerfile, its build arguments, and a tag that identifies its content."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stacks.assets.published_names import REPOSITORY
from workbench import places
from workbench.errors import ImageError
from workbench.local.container_engine import Engine

_BUILT_IN = "containers/inference"
_STORE = f"{_BUILT_IN}/models"
_DIGEST_CHARACTERS = 12
# Amazon's public registry has Docker Hub's official images, without Docker Hub's rate limit for anonymous pulls.
_BASE_REGISTRY = "public.ecr.aws/docker/library"
PLATFORM = "linux/amd64"
"""Platform of SageMaker's instances."""


@dataclass(frozen=True)
class Recipe:
    """An image to build from a checkout.

    Attributes:
        kind: ``cpu``, ``gpu``, or the name of the folder of a customized application.
        checkout: the repository's root, which is the build's context.
        dockerfile: relative to it.
        build_arguments: by name.
        sources: files and folders of the context that go into the image, relative to the checkout.
    """

    kind: str
    checkout: Path
    dockerfile: str
    build_arguments: Mapping[str, str]
    sources: tuple[str, ...]

    @property
    def repository(self) -> str:
        """Default repository in ECR; for built-in applications that of ``ipc-ai publish``."""
        return REPOSITORY if self.dockerfile.startswith(f"{_BUILT_IN}/") else f"ipc-ai-saas/{self.kind}"

    def tag(self) -> str:
        """Tag such as ``v1.2.0-3-gaf6f61f-cpu-1b2c3d4e5f60``: the same for the same sources and build arguments.

        The first part is the output of ``git describe``. It is there for people, and absent without Git. The last part
        is a digest of the image's sources, because uncommitted changes and models of the store have no commit.
        """
        return "-".join([*_described_by_git(self.checkout), self.kind, self._digest()])

    def build_command(self, engine: Engine, image: str) -> list[str]:
        """Command line that builds it, in the checkout, under the name ``image``."""
        return [
            *(*engine.command, "build", f"--file={self.dockerfile}", f"--platform={PLATFORM}", *engine.build_options),
            *(f"--build-arg={name}={value}" for name, value in self.build_arguments.items()),
            *(f"--tag={image}", "."),
        ]

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for name, value in sorted(self.build_arguments.items()):
            digest.update(f"{name}={value}\0".encode())
        for path in self._files():
            digest.update(f"{path.relative_to(self.checkout).as_posix()}\0{path.stat().st_mode & 0o111:o}\0".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:_DIGEST_CHARACTERS]

    def _files(self) -> Iterator[Path]:
        found = {path for source in self.sources for path in _below(self.checkout / source)}
        skipped = () if self.dockerfile.startswith(f"{_BUILT_IN}/") else (self.checkout / _STORE,)
        for path in sorted(found):
            hidden = path.parent == self.checkout / _STORE and path.name.startswith(".")
            if not hidden and "__pycache__" not in path.parts and not any(path.is_relative_to(it) for it in skipped):
                yield path


def built_in(processor: str, *, checkout: Path = places.REPOSITORY, given: Mapping[str, str], partition: str) -> Recipe:
    """Recipe of the built-in applications' image.

    Args:
        processor: ``cpu`` or ``gpu``.
        checkout: the repository's root.
        given: build arguments that the operator names.
        partition: the partition where it will run, which decides the source of the base image.

    Raises:
        ImageError: the base image has to be named.
    """
    dockerfile = f"{_BUILT_IN}/Dockerfile"
    arguments = {"PROCESSOR": processor, **_with_base(checkout / dockerfile, given, partition)}
    return Recipe(processor, checkout, dockerfile, arguments, (*_shared(checkout), _BUILT_IN))


def customized(folder: str, *, checkout: Path = places.REPOSITORY, given: Mapping[str, str], partition: str) -> Recipe:
    """Recipe of the image of a folder under ``containers`` with the operator's own Dockerfile.

    Raises:
        ImageError: it is no such folder, models are asked for, or the base image has to be named.
    """
    path = PurePosixPath(folder.rstrip("/"))
    dockerfile = f"{path}/Dockerfile"
    if path.parts[:1] != ("containers",) or ".." in path.parts or not (checkout / dockerfile).is_file():
        raise ImageError(
            f"{folder} is no folder under containers/ with a Dockerfile; copy containers/customized-application"
        )
    if "MODELS" in given:
        raise ImageError(
            "--models is for the built-in applications' image; a customized one gets weights by modelDataUrl"
        )
    arguments = {"APPLICATION_FOLDER": str(path), **_with_base(checkout / dockerfile, given, partition)}
    return Recipe(path.name, checkout, dockerfile, arguments, (*_shared(checkout), _BUILT_IN, str(path)))


def _with_base(dockerfile: Path, given: Mapping[str, str], partition: str) -> dict[str, str]:
    if given.get("BASE_IMAGE"):
        return dict(given)
    default = re.search(r"^ARG BASE_IMAGE=(\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
    if default is None:  # the operator's own Dockerfile names its base itself
        return dict(given)
    if partition == "aws-cn":
        raise ImageError(
            "public registries are slow or out of reach in China; name a copy of the base image with --base-image, for "
            f"example ACCOUNT.dkr.ecr.REGION.amazonaws.com.cn/{default[1]}"
        )
    return {**given, "BASE_IMAGE": f"{_BASE_REGISTRY}/{default[1]}"}


def _shared(checkout: Path) -> tuple[str, ...]:
    """Sources that .dockerignore includes besides containers."""
    lines = (checkout / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return (".dockerignore", *(line[1:] for line in lines if line.startswith("!") and line != "!containers"))


def _below(path: Path) -> Iterator[Path]:
    return (each for each in path.rglob("*") if each.is_file()) if path.is_dir() else iter([path])


def _described_by_git(checkout: Path) -> Sequence[str]:
    try:
        finished = subprocess.run(
            ["git", "describe", "--tags", "--always"],  # noqa: S607 - whichever Git the operator has
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ()
    # A tag of Git may hold characters that are invalid in an image's.
    described = re.sub(r"[^A-Za-z0-9_.-]", "-", finished.stdout.strip()).lstrip(".-")[:80]
    return (described,) if described else ()
