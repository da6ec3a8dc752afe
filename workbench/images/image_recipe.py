"""Recipe of an image: its Dockerfile, its build arguments, and a tag that identifies its content."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stacks.assets.published_names import REPOSITORY
from workbench import places
from workbench.errors import ImageError
from workbench.local.container.container_engine import Engine

_BUILT_IN = "containers/inference"
_STORE = f"{_BUILT_IN}/models"
_DIGEST_CHARACTERS = 12
# Amazon's public registry has Docker Hub's official images, without Docker Hub's rate limit for anonymous pulls.
_BASE_REGISTRY = "public.ecr.aws/docker/library"
_ARGUMENT = re.compile(r"^\s*ARG\s+(\w+)(?:=[\"']?([^\s\"']*))?", re.MULTILINE | re.IGNORECASE)
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.MULTILINE | re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(\w+)(?::-[^}]*)?\}?")
_NO_SOURCES = frozenset({".git", "__pycache__"})
PLATFORM = "linux/amd64"
"""Platform of SageMaker's instances."""


@dataclass(frozen=True)
class Recipe:
    """An image to build from a checkout.

    Attributes:
        kind: ``cpu``, ``gpu``, or the name of the folder of a customized application or of a context.
        repository: default repository in ECR; for built-in applications that of ``ipc-ai publish``.
        checkout: the build's context, for this project's images the repository's root.
        dockerfile: relative to it, or absolute.
        build_arguments: by name.
        sources: files and folders of the context that go into the image, relative to it.
    """

    kind: str
    repository: str
    checkout: Path
    dockerfile: str
    build_arguments: Mapping[str, str]
    sources: tuple[str, ...]

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

    def base_images(self) -> list[str]:
        """Images that the Dockerfile starts from, with build arguments and their defaults put in."""
        text = (self.checkout / self.dockerfile).read_text(encoding="utf-8")
        values = {**dict(_ARGUMENT.findall(text)), **self.build_arguments}
        named = [_VARIABLE.sub(lambda match: values.get(match[1], ""), image) for image in _FROM.findall(text)]
        return [image for image in named if image]

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for name, value in sorted(self.build_arguments.items()):
            digest.update(f"{name}={value}\0".encode())
        for path in self._files():
            # The owner's bit alone: those of others depend on the umask.
            runs = "111" if path.stat().st_mode & 0o100 else "0"
            digest.update(f"{os.path.relpath(path, self.checkout)}\0{runs}\0".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:_DIGEST_CHARACTERS]

    def _files(self) -> Iterator[Path]:
        found = {path for source in self.sources for path in _below(self.checkout / source)}
        skipped = () if self.dockerfile.startswith(f"{_BUILT_IN}/") else (self.checkout / _STORE,)
        for path in sorted(found):
            hidden = path.parent == self.checkout / _STORE and path.name.startswith(".")
            junk = not _NO_SOURCES.isdisjoint(path.relative_to(self.checkout).parts)
            if not hidden and not junk and not any(path.is_relative_to(it) for it in skipped):
                yield path
        if Path(self.dockerfile).is_absolute():
            yield Path(self.dockerfile)


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
    return Recipe(processor, REPOSITORY, checkout, dockerfile, arguments, (*_shared(checkout), _BUILT_IN))


def customized(
    folder: str,
    processor: str | None = None,
    *,
    checkout: Path = places.REPOSITORY,
    given: Mapping[str, str],
    partition: str,
) -> Recipe:
    """Recipe of the image of a folder under ``containers`` with the operator's own Dockerfile.

    Args:
        folder: the folder, relative to the checkout.
        processor: ``cpu`` or ``gpu``; None leaves it to the Dockerfile.
        checkout: the repository's root.
        given: build arguments that the operator names.
        partition: the partition where it will run, which decides the source of the base image.

    Raises:
        ImageError: it is no such folder, has no variants, models are asked for, or the base image has to be named.
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
    kind = path.name
    if processor is not None:
        if "PROCESSOR" not in dict(_ARGUMENT.findall((checkout / dockerfile).read_text(encoding="utf-8"))):
            raise ImageError(
                f"{dockerfile} has no line 'ARG PROCESSOR=cpu', so it makes no variants; copy those of "
                "containers/customized-application/Dockerfile, or leave --processor out"
            )
        kind, arguments = f"{path.name}-{processor}", {"PROCESSOR": processor, **arguments}
    sources = (*_shared(checkout), _BUILT_IN, str(path))
    return Recipe(kind, f"ipc-ai-saas/{path.name}", checkout, dockerfile, arguments, sources)


def of_dockerfile(file: Path | None, context: Path | None, *, given: Mapping[str, str]) -> Recipe:
    """Recipe of any Dockerfile, with nothing of this project.

    Args:
        file: the Dockerfile; that of the context where None.
        context: the folder that the build sees; the Dockerfile's where None.
        given: build arguments.

    Raises:
        ImageError: there is no such file or folder.
    """
    folder = context or (file.parent if file else Path())
    dockerfile = file or folder / "Dockerfile"
    if not folder.is_dir():
        raise ImageError(f"there is no folder {folder}; name the build's context with --context DIR")
    if not dockerfile.is_file():
        raise ImageError(f"there is no file {dockerfile}; name the Dockerfile with --file FILE")
    root = folder.resolve()
    # Names of repositories have small letters.
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "image"
    return Recipe(name, name, root, str(dockerfile.resolve()), dict(given), _included(root))


def _included(context: Path) -> tuple[str, ...]:
    """Sources of a context: those that a .dockerignore of exceptions includes, else all."""
    ignore = context / ".dockerignore"
    lines = ignore.read_text(encoding="utf-8").split() if ignore.is_file() else []
    included = [line[1:] for line in lines if line.startswith("!")]
    if "*" in lines and all((context / name).exists() for name in included):
        return (ignore.name, *included)
    return (".",)


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
