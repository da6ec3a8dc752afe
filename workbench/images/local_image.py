"""Image that is on this machine already, by the name that the engine knows."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from workbench import typed
from workbench.errors import ImageError, StartError
from workbench.images.image_registry import account_of, region_of
from workbench.local.container import container_engine
from workbench.local.container.container_engine import Engine

_REFERENCE = re.compile(r"(?P<name>[^@\s:]+(?::\d+/[^@\s:]+)?)(?::(?P<tag>[^@\s:/]+))?")
_DEFAULT_TAG = "latest"
_ARM = ("arm64", "arm", "aarch64")


@dataclass(frozen=True)
class LocalImage:
    """Image on this machine.

    Attributes:
        reference: its name as the operator writes it.
        repository: name without registry and tag, for a repository of ECR.
        tag: its tag.
        account: account of the registry in its name; None where that is not ECR's.
        region: region of that registry, or None.
    """

    reference: str
    repository: str
    tag: str
    account: str | None
    region: str | None

    @classmethod
    def of(cls, reference: str) -> LocalImage:
        """Read a name such as ``frame-quality:1`` or ``localhost/team/frame-quality:1``.

        Raises:
            ImageError: it is no name with a tag.
        """
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise ImageError(f"'{reference}' is no image's name; write NAME:TAG, as 'docker images' shows it")
        first, slash, rest = found["name"].partition("/")
        # Docker's own rule for a registry in the first part.
        has_registry = slash and ("." in first or ":" in first or first == "localhost")
        return cls(
            reference,
            rest if has_registry else found["name"],
            found["tag"] or _DEFAULT_TAG,
            account_of(reference),
            region_of(reference),
        )

    def engine(self, named: str | None) -> Engine:
        """Find the engine that has it: the one of that name, else the first.

        Raises:
            ImageError: none has it.
            StartError: the named engine does not work.
        """
        if named:
            working = [container_engine.working(named)]
        else:
            working = []
            for name in container_engine.NAMES:
                with contextlib.suppress(StartError):
                    working.append(container_engine.working(name))
        for engine in working:
            if engine.output("image", "inspect", self.reference) is not None:
                return engine
        raise ImageError(
            f"the image {self.reference} is not on this machine; build it with "
            f"'{typed.command('image', 'build', '--file', 'DOCKERFILE')}', "
            "or name it as 'docker images' or 'podman images' shows it"
        )

    def has_digest(self, engine: Engine, digest: str) -> bool:
        """Return whether the engine knows it by that digest of a registry, after an earlier push or pull."""
        return digest in (engine.output("image", "inspect", "--format={{.RepoDigests}}", self.reference) or "")

    def remark(self, engine: Engine) -> str | None:
        """Sentence about a processor that most instances of SageMaker do not have, or None."""
        if engine.output("image", "inspect", "--format={{.Architecture}}", self.reference) not in _ARM:
            return None
        return (
            "it is built for ARM, which Graviton instances alone run (ml.c7g, ml.m7g); for all others build it with "
            f"'{typed.command('image', 'build')}', or with --platform linux/amd64"
        )
