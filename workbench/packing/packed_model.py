"""Model as a model.tar.gz that is proved to serve, and the arguments with which ``package`` and ``deploy`` make one."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench import places
from workbench.errors import PackageError
from workbench.local import model_data
from workbench.packing import deep_learning_containers, framework_layouts, model_archive, model_layout, model_trial
from workbench.packing.model_layout import ModelLayout
from workbench.packing.model_trial import NotTried, Trial
from workbench.store.artefacts import sha256

BUILT, DLC = "built", "dlc"
_ARCHIVE = re.compile(r".+\.(tar\.gz|tgz)")


@dataclass(frozen=True)
class PackedModel:
    """Archive on this machine: its layout, its path, and the SHA-256 and size in bytes of the file."""

    layout: ModelLayout
    archive: Path
    sha256: str
    size: int

    @property
    def model_parameters(self) -> dict[str, str]:
        """Stack parameters that choose its application and model."""
        named = "faceDetectAndCompareModelName" if "+" in (self.layout.model or "") else "detectorModelName"
        return {"applicationType": self.layout.application} | ({named: self.layout.model} if self.layout.model else {})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the making and the trial of the archive."""
    parser.add_argument(
        "--framework",
        choices=tuple(framework_layouts.FRAMEWORKS),
        help="whose layout it has (default: told by the files)",
    )
    parser.add_argument("--inference", type=Path, metavar="FILE", help="program to pack as code/inference.py")
    parser.add_argument("--requirements", type=Path, metavar="FILE", help="its packages, as code/requirements.txt")
    parser.add_argument("--application", metavar="TYPE", help="applicationType, where weights serve several")
    parser.add_argument(
        "--output", type=Path, metavar="FILE.tar.gz", help="where the archive goes (default: below out)"
    )
    parser.add_argument("--sample", type=Path, metavar="FILE", help="what the trial sends (default: a photograph)")
    parser.add_argument("--content-type", metavar="TYPE", help="its content type (default: by the name of the file)")
    parser.add_argument("--no-trial", action="store_true", help="do not serve the archive on this machine first")
    parser.add_argument(
        "--image",
        choices=(BUILT, DLC),
        help="the image that is built here, or AWS's Deep Learning Container of the framework "
        "(default: built; dlc for tensorflow)",
    )
    parser.add_argument("--framework-version", metavar="V", help="version of the Deep Learning Container")


def pack(source: Path, arguments: argparse.Namespace) -> PackedModel:
    """Pack a folder, a file with weights, or another archive, in the framework's layout.

    Raises:
        PackageError: a file is missing or misplaced.
        StartError: another archive cannot be unpacked.
    """
    output = arguments.output or places.OUTPUT / "packages" / f"{_stem(source)}.tar.gz"
    if not _ARCHIVE.fullmatch(output.name):
        raise PackageError(f"{output} is no name for a model.tar.gz; let it end in .tar.gz")
    with _opened(source) as folder:
        layout = model_layout.lay_out(
            folder,
            framework=arguments.framework,
            inference=arguments.inference,
            requirements=arguments.requirements,
            application=arguments.application,
            without=output,
        )
        model_archive.write(layout.files, output)
    return PackedModel(layout, output, sha256(output), output.stat().st_size)


def tried(packed: PackedModel, arguments: argparse.Namespace, *, image: str | None) -> Trial | NotTried:
    """Serve the archive here and send a sample, unless another image will serve it or the trial is declined.

    Args:
        packed: the archive.
        arguments: those of the verb.
        image: URI of the image that will serve it; None or empty for the one that is built here.

    Raises:
        PackageError: it does not serve. The archive is deleted then.
    """
    if image:
        return NotTried(f"the image that will serve it, {image}, does not run here")
    if arguments.no_trial:
        return NotTried("--no-trial")
    sent = model_trial.sample(
        arguments.sample,
        arguments.content_type,
        photograph=places.photograph(),
        application=packed.layout.application,
    )
    try:
        return model_trial.run(packed.archive, packed.layout, sent, model_store=places.MODEL_STORE)
    except PackageError:
        packed.archive.unlink()
        raise


def wants_deep_learning_container(packed: PackedModel, arguments: argparse.Namespace) -> bool:
    """Return whether one of AWS's images serves it.

    Raises:
        PackageError: our image is asked for and lacks the framework, or a version is given without AWS's image.
    """
    if arguments.image == BUILT and not packed.layout.served_by_our_image:
        raise PackageError(
            f"the image that is built here has no {packed.layout.framework}; leave --image out, or say --image dlc"
        )
    wanted = arguments.image == DLC or not packed.layout.served_by_our_image
    if arguments.framework_version and not wanted:
        raise PackageError(
            "--framework-version chooses a Deep Learning Container; add --image dlc, or name versions in "
            "requirements.txt for the image that is built here"
        )
    return wanted


def deep_learning_container(
    packed: PackedModel, arguments: argparse.Namespace, *, region: str, instance_type: str
) -> str:
    """URI of AWS's image for it.

    Raises:
        PackageError: there is none.
    """
    if packed.layout.framework is None:
        raise PackageError(f"{packed.layout.because} does not tell a framework; name one with --framework NAME")
    if packed.layout.framework in deep_learning_containers.UNFIT:
        raise PackageError(deep_learning_containers.UNFIT[packed.layout.framework])
    if packed.layout.application != "custom":
        raise PackageError(
            "weights without a program are served by the image that is built here alone; leave --image dlc out, or "
            "name a program with --inference FILE"
        )
    return deep_learning_containers.image_uri(
        packed.layout.framework, version=arguments.framework_version, region=region, instance_type=instance_type
    )


@contextmanager
def _opened(source: Path) -> Iterator[Path]:
    """Provide the source, or the temporary folder into which an archive is unpacked."""
    if not (source.is_file() and _ARCHIVE.fullmatch(source.name)):
        yield source
        return
    with model_data.unpacked(source, str(source), region="us-east-1") as folder:
        assert folder is not None  # because a URL is given
        try:
            yield folder
        except PackageError as error:
            # The reader does not know the folder, and it is gone by then.
            raise PackageError(str(error).replace(str(folder), str(source))) from error


def _stem(source: Path) -> str:
    name = source.resolve().name
    return re.sub(r"\.(tar\.gz|tgz)$", "", name) if source.is_dir() or _ARCHIVE.fullmatch(name) else source.stem
