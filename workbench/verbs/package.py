"""Pack a model as model.tar.gz, prove that it serves, and put it into S3."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from workbench import regions, typed
from workbench.deployment import model_upload
from workbench.deployment.account import Account
from workbench.packing import packed_model
from workbench.packing.model_trial import NotTried, Trial
from workbench.packing.packed_model import PackedModel
from workbench.packing.packing_report import archive_lines, trial_lines
from workbench.recognition import plain_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "path", help="a folder, a file with weights, another archive, or DETECTOR+EMBEDDER of such or of names"
    )
    packed_model.add_arguments(parser)
    parser.add_argument(
        "--upload", metavar="s3://BUCKET/KEY", help="where to put it; after a slash the key is made from its content"
    )
    parser.add_argument(
        "--instance",
        default="ml.g4dn.xlarge",
        metavar="TYPE",
        help="the endpoint's, for --image dlc (default: %(default)s)",
    )
    parser.add_argument(
        "--region", type=regions.argument, help="region (default: that of the profile or the environment)"
    )
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Pack, try and upload the model, and print the parameters to deploy."""
    console = Console(stderr=True)
    packed = packed_model.pack(arguments.path, arguments)
    url = model_upload.target_url(arguments.upload, packed.sha256) if arguments.upload else None
    try:
        image = _image(packed, arguments)
        with console.status("serving the archive on this machine; packages that it names are installed first"):
            trial = packed_model.tried(packed, arguments, image=image)
    except BaseException:  # also when it is interrupted: an archive that is there was tried
        packed.archive.unlink(missing_ok=True)
        raise
    if url:
        account = Account(profile=arguments.profile, region=arguments.region)
        model_upload.upload(account.client("s3"), packed.archive, url)
    document = _as_document(packed, trial, url, image)
    print(json.dumps(document, indent=2) if arguments.json else _as_text(packed, trial, url, image))
    return 0


def _image(packed: PackedModel, arguments: argparse.Namespace) -> str | None:
    """URI of AWS's image where one serves the model."""
    if not packed_model.wants_deep_learning_container(packed, arguments):
        return None
    region = arguments.region or Account(profile=arguments.profile, region=None).region
    return packed_model.deep_learning_container(packed, arguments, region=region, instance_type=arguments.instance)


def _parameters(packed: PackedModel, url: str | None, image: str | None) -> dict[str, str]:
    """Stack parameters that are known."""
    named = {"modelDataUrl": url, "containerImageUri": image}
    return packed.model_parameters | {name: value for name, value in named.items() if value}


def _as_document(packed: PackedModel, trial: Trial | NotTried, url: str | None, image: str | None) -> dict[str, Any]:
    layout = packed.layout
    return {
        "framework": layout.framework,
        "archive": str(packed.archive),
        "sha256": packed.sha256,
        "bytes": packed.size,
        "files": sorted(layout.files),
        "recognised": [plain_words.document(one) for one in packed.recognised],
        "table": dataclasses.asdict(layout.table) if layout.table else None,
        "moved": [{"from": there, "to": here} for there, here in layout.moved],
        "trial": _trial_document(trial),
        "notTriedHere": trial.reason if isinstance(trial, NotTried) else None,
        "modelDataUrl": url,
        "containerImageUri": image,
        "parameters": _parameters(packed, url, image),
    }


def _trial_document(trial: Trial | NotTried) -> dict[str, Any] | None:
    if isinstance(trial, NotTried):
        return None
    return {
        "contentType": trial.content_type,
        "answer": trial.answer,
        "ms": round(trial.milliseconds),
        "found": trial.found,
    }


def _as_text(packed: PackedModel, trial: Trial | NotTried, url: str | None, image: str | None) -> str:
    lines = [*archive_lines(packed), *trial_lines(trial)]
    if url:
        lines.append(f"uploaded    {url}")
    if image:
        lines.append(f"image       {image}")
    if image is None:
        lines.append(f"run here    {_command('up', _parameters(packed, str(packed.archive), None))}")
    if url:
        lines.append(f"deploy      {_command('deploy', _parameters(packed, url, image))}")
    return "\n".join(lines)


def _command(verb: str, parameters: Mapping[str, str]) -> str:
    words = [f"{name}={value}" for name, value in parameters.items()]
    return typed.command(verb, "--parameters", *words)
