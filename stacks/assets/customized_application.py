"""An operator's own container, by ``cdk deploy --context customizedApplication=FOLDER``."""

from __future__ import annotations

from pathlib import Path

from stacks.context import CUSTOMIZED_APPLICATION
from stacks.errors import CustomizedApplicationError

_CONTAINERS = "containers"


def named_folder(named: str | None, repository: Path) -> str | None:
    """The folder named by the context, relative to the repository; None without that context.

    Images are built from the repository's root, but only ``containers`` and the catalogue reach the builder.

    Raises:
        CustomizedApplicationError: there is no such folder under ``containers``, or it has no Dockerfile.
    """
    if not named:
        return None
    folder = (repository / named).resolve()
    if (repository / _CONTAINERS) not in folder.parents:
        raise CustomizedApplicationError(
            f"{CUSTOMIZED_APPLICATION}={named} is not under {_CONTAINERS}; copy the folder there and name it as "
            f"{_CONTAINERS}/NAME"
        )
    if not (folder / "Dockerfile").is_file():
        raise CustomizedApplicationError(
            f"{CUSTOMIZED_APPLICATION}={named} has no Dockerfile; name a folder that has one"
        )
    return folder.relative_to(repository).as_posix()
