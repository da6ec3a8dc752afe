"""Model as a model.tar.gz that is proved to serve, and the arguments with which ``package`` and ``deploy`` make one."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from workbench import places
from workbench.errors import PackageError
from workbench.packing import (
    bare_graphs,
    deep_learning_containers,
    framework_layouts,
    model_archive,
    model_layout,
    model_trial,
    named_models,
    source_archives,
    trial_photograph,
)
from workbench.packing.model_layout import ModelLayout
from workbench.packing.model_trial import NotTried, Trial
from workbench.recognition import recogniser as recognition
from workbench.recognition.recognised import Recognised
from workbench.recognition.recogniser import Recogniser
from workbench.store.artefacts import sha256
from workbench.store.model_folder import DESCRIPTION

BUILT, DLC = "built", "dlc"
_ONNX = "onnx"
PACKAGES = places.OUTPUT / "packages"
"""Where archives go."""

_OUTPUT = re.compile(r".+\.(tar\.gz|tgz)")


@dataclass(frozen=True)
class PackedModel:
    """Archive on this machine.

    Attributes:
        layout: its content.
        source: what it was made of.
        archive: its path.
        sha256: SHA-256 of the file.
        size: its size in bytes.
        recognised: graphs in it that nothing described.
    """

    layout: ModelLayout
    source: Path
    archive: Path
    sha256: str
    size: int
    recognised: tuple[Recognised, ...] = ()

    @property
    def name(self) -> str:
        """Name of the model, for metrics and logs; that of the archive for a program of the user's own."""
        word = re.sub(r"[^A-Za-z0-9._-]+", "-", named_models.stem(self.source)).strip("-._")
        return self.layout.model or word[:63] or self.layout.application

    @property
    def takes_any_name(self) -> bool:
        """Return whether the container finds it by any name: it is a program, or its description lies at the top."""
        return self.layout.model is None or DESCRIPTION in self.layout.files

    @property
    def model_parameters(self) -> dict[str, str]:
        """Stack parameters that choose its application and model."""
        known = catalogue.load().application(self.layout.application)
        return {"applicationType": known.name, known.model_parameter: self.name}


def add_layout_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the making of the archive."""
    parser.add_argument(
        "--framework",
        choices=tuple(framework_layouts.FRAMEWORKS),
        help="whose layout it has (default: told by the files)",
    )
    parser.add_argument("--inference", type=Path, metavar="FILE", help="program to pack as code/inference.py")
    parser.add_argument("--requirements", type=Path, metavar="FILE", help="its packages, as code/requirements.txt")
    parser.add_argument("--application", metavar="TYPE", help="applicationType, where weights serve several")
    recognition.add_arguments(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE.tar.gz", help="where the archive goes (default: below out; up keeps none)"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the making and the trial of the archive."""
    add_layout_arguments(parser)
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


def pack(
    word: str,
    arguments: argparse.Namespace,
    *,
    application: str | None = None,
    stores: Sequence[Path] = (places.MODEL_STORE,),
    folder: Path = PACKAGES,
) -> PackedModel:
    """Pack a folder, a file with weights, another archive, or a pair of models, in the framework's layout.

    Args:
        word: the path; or the name of a model of the operator's own in a store; or two of these, or of the catalogue's
            names, with ``+`` between.
        arguments: those of ``add_layout_arguments``.
        application: the application, where the arguments do not name it.
        stores: folders of model folders.
        folder: where the archive goes, unless the arguments name its file.

    Raises:
        PackageError: a file is missing or misplaced, or another archive cannot be unpacked.
    """
    if arguments.output and not _OUTPUT.fullmatch(arguments.output.name):
        raise PackageError(f"{arguments.output} is no name for a model.tar.gz; let it end in .tar.gz")
    named = named_models.stored(word, stores=stores) or Path(word)
    recogniser = Recogniser.of(arguments, application)
    with ExitStack() as opened:
        pair = opened.enter_context(named_models.pair(word, stores=stores, recogniser=recogniser))
        source = opened.enter_context(_opened(pair or named))
        if pair is None and not arguments.inference and arguments.framework in (None, _ONNX):
            archive = named_models.stem(named) if source != named else None
            source = bare_graphs.as_model_folder(source, recogniser, opened, archive=archive) or source
        recogniser.require_used(word)
        output = arguments.output or folder / f"{_file_name(word, named, recogniser)}.tar.gz"
        layout = model_layout.lay_out(
            source,
            framework=arguments.framework,
            inference=arguments.inference,
            requirements=arguments.requirements,
            application=application or arguments.application,
            without=output,
        )
        try:
            model_archive.write(layout.files, output)
        except OSError as error:
            raise PackageError(f"cannot write {output}: {error.strerror}; name another with --output") from error
    return PackedModel(layout, named, output, sha256(output), output.stat().st_size, tuple(recogniser.found))


def _file_name(word: str, named: Path, recogniser: Recogniser) -> str:
    """Name of the archive: that of the source, of both of a pair, or of the graph that was recognised."""
    if not named.exists():
        return "+".join(named_models.stem(Path(half)) for half in word.split("+"))
    return recogniser.found[0].model.name if recogniser.found else named_models.stem(named)


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
    try:
        with trial_photograph.shaped_for(packed.recognised) as photograph:
            sent = model_trial.sample(
                arguments.sample, arguments.content_type, photograph=photograph, layout=packed.layout
            )
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
    if wanted and packed.layout.framework in deep_learning_containers.UNFIT:
        raise PackageError(deep_learning_containers.UNFIT[packed.layout.framework])
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
    if not source_archives.is_archive(source):
        yield source
        return
    with source_archives.unpacked(source) as folder:
        try:
            yield folder
        except PackageError as error:
            # The reader does not know the folder, and it is gone by then; names in it are those in the archive.
            said = str(error).replace(f"{folder}/", "").replace(str(folder), str(source))
            raise PackageError(said) from error
