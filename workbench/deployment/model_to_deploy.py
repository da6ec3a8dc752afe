"""Model argument of ``deploy`` and ``up``: a model of the catalogue, or one of the operator's own, which is packed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON, nearest
from workbench import places, typed
from workbench.deployment import model_upload
from workbench.deployment.account import Account
from workbench.errors import AccountError, PackageError, ParameterError
from workbench.packing import named_models, packed_model
from workbench.packing.packed_model import PackedModel

_SHORT = {"endpoint": "endpointType", "instance": "deployInstanceType", "application": "applicationType"}
_TOOLKIT = "CDKToolkit"
_TOOLKIT_BUCKET = "BucketName"
_UNKNOWN_BUCKET = "bucket-of-the-cdk"


@dataclass(frozen=True)
class NamedModel:
    """Model of the catalogue, or pair of models, with the application that it serves."""

    name: str
    application: str

    @property
    def model_parameters(self) -> dict[str, str]:
        """Stack parameters that choose it."""
        parameter = catalogue.load().application(self.application).model_parameter
        return {"applicationType": self.application, parameter: self.name}


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names the model."""
    parser.add_argument(
        "model",
        nargs="?",
        metavar="PATH_OR_MODEL",
        help="a model of the catalogue; or one of your own to pack: its path, or DETECTOR+EMBEDDER of such or of names",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the model, and short forms of the parameters for it."""
    add_model_argument(parser)
    parser.add_argument("--endpoint", metavar="TYPE", help="endpointType: real-time, serverless or async")
    parser.add_argument("--instance", metavar="TYPE", help="deployInstanceType, for example ml.c5.xlarge")
    parser.add_argument("--bucket", help="bucket for the archive, in the stack's region (default: the CDK's own)")
    packed_model.add_arguments(parser)


def with_short_forms(given: Mapping[str, str], arguments: argparse.Namespace) -> dict[str, str]:
    """Merge the parameters with those of ``--endpoint``, ``--instance`` and ``--application``, where a verb has them.

    Raises:
        ParameterError: a parameter has two values.
    """
    named = {_SHORT[option]: value for option in _SHORT if (value := getattr(arguments, option, None))}
    for option, name in _SHORT.items():
        if name in named and given.get(name, named[name]) != named[name]:
            raise ParameterError(
                f"--{option} {named[name]} and --parameters {name}={given[name]} say two things; leave one of them out"
            )
    return {**given, **named}


def require_known(arguments: argparse.Namespace, given: Mapping[str, str]) -> None:
    """Check a model of the catalogue by its name and application, before the template is synthesized.

    Raises:
        PackageError: there is neither a path nor a model of that name, or it serves several applications.
    """
    word = arguments.model
    if word is not None and not named_models.is_to_pack(word, stores=[places.MODEL_STORE]):
        _of_catalogue(word, given.get("applicationType"), None)


def chosen(
    arguments: argparse.Namespace,
    given: Mapping[str, str] | None = None,
    *,
    store: Path = places.MODEL_STORE,
    is_in_image: bool = True,
    folder: Path = packed_model.PACKAGES,
) -> NamedModel | PackedModel | None:
    """Resolve the argument: a model of the catalogue, or one of the operator's own, which is packed here.

    Args:
        arguments: those of the verb.
        given: the parameters, of which applicationType chooses among the applications of a model that serves several.
        store: folder of model folders.
        is_in_image: whether a model of the catalogue has to be in the store, from where it goes into the image.
        folder: where the archive of a model that is packed goes.

    Returns:
        None without an argument.

    Raises:
        PackageError: it is neither a path nor a model of the catalogue, or the model is not in the store.
    """
    word = arguments.model
    if word is None:
        _refuse_options_of_packing(arguments)
        return None
    application = (given or {}).get("applicationType", arguments.application)
    if named_models.is_to_pack(word, stores=[store]):
        return packed_model.pack(word, arguments, application=application, stores=[store], folder=folder)
    _refuse_options_of_packing(arguments)
    return _of_catalogue(word, application, store if is_in_image else None)


def _refuse_options_of_packing(arguments: argparse.Namespace) -> None:
    for option in ("framework", "inference", "requirements", "head", "classes"):
        if getattr(arguments, option):
            raise PackageError(
                f"--{option} is for a model of your own, which is packed; name its path, or leave it out"
            )


def refuse_another_application(word: str, model: NamedModel | PackedModel, given: Mapping[str, str]) -> None:
    """Refuse an application that does not serve the model.

    Raises:
        PackageError: the parameters name such a one.
    """
    served = model.model_parameters["applicationType"]
    if given.get("applicationType", served) != served:
        raise PackageError(
            f"{word} is served by applicationType={served}, not {given['applicationType']}; leave the application out, "
            "or name another model"
        )


def refuse_another_name(model: NamedModel | PackedModel, given: Mapping[str, str]) -> None:
    """Refuse a name by which the container would not find the model in its archive.

    Raises:
        PackageError: the parameters name such a one, and no image of the operator's own takes it as it is.
    """
    if not isinstance(model, PackedModel) or model.takes_any_name or given.get("containerImageUri"):
        return
    parameter = catalogue.load().application(model.layout.application).model_parameter
    if given.get(parameter, model.name) != model.name:
        raise PackageError(
            f"{parameter} cannot be '{given[parameter]}': the archive has {model.name}; leave it out, or change the "
            "names in the model.json of the models"
        )


def stack_parameters(
    model: NamedModel | PackedModel,
    arguments: argparse.Namespace,
    given: Mapping[str, str],
    *,
    account: Account | None,
    region: str,
    instance_type: str,
) -> dict[str, str]:
    """Stack parameters for the model; parameters given by name take precedence.

    An image or an archive of an earlier deployment is reset, because unnamed parameters would keep their values.

    Raises:
        AccountError: there is no bucket to upload to.
        PackageError: the application asked for does not serve it, or AWS has no image for it.
    """
    refuse_another_application(arguments.model, model, given)
    refuse_another_name(model, given)
    if isinstance(model, NamedModel):
        return {**model.model_parameters, "modelDataUrl": "", "containerImageUri": "", **given}
    bucket = arguments.bucket or (bucket_of_the_cdk(account) if account else _UNKNOWN_BUCKET)
    url = given.get("modelDataUrl") or model_upload.content_url(bucket, model.sha256)
    image = ""
    if packed_model.wants_deep_learning_container(model, arguments) and "containerImageUri" not in given:
        image = packed_model.deep_learning_container(model, arguments, region=region, instance_type=instance_type)
    return {**model.model_parameters, "modelDataUrl": url, "containerImageUri": image, **given}


def bucket_of_the_cdk(account: Account) -> str:
    """Name of the bucket that ``cdk bootstrap`` made.

    Raises:
        AccountError: its stack is missing, or has another name.
    """
    toolkit = account.stack(_TOOLKIT)
    if toolkit is None or _TOOLKIT_BUCKET not in toolkit.outputs:
        raise AccountError(
            f"there is no stack {_TOOLKIT} in {account.region}, whose bucket takes the archive; run "
            f"'{account.bootstrap_command}' once, or name a bucket with --bucket"
        )
    return toolkit.outputs[_TOOLKIT_BUCKET]


def _of_catalogue(name: str, application: str | None, store: Path | None) -> NamedModel:
    known = catalogue.load()
    pairs = known.model_choices(FACE_COMPARISON)
    if name not in known.models and name not in pairs:
        choices = [*known.models, *pairs]
        raise PackageError(
            f"there is no path and no model '{name}'{nearest(name, choices)}; name a folder, a file, or a model of "
            "docs/models.md"
        )
    serves = (
        [FACE_COMPARISON]
        if name in pairs
        else [kind for kind in known.models[name].applications if kind != FACE_COMPARISON]
    )
    if application in serves:
        serves = [application]
    elif application is None and name not in pairs and not any(map(known.models[name].has_files_of_its_own, serves)):
        serves = serves[:1]
    if len(serves) != 1:
        said = (
            f"serves {' and '.join(serves)}; say which with --application"
            if serves
            else f"is one half of a pair; name one of: {', '.join(pairs)}"
        )
        raise PackageError(f"{name} {said}")
    for part in known.parts(name) if store else []:
        if store and part.all_files() and not (store / part.name).is_dir():
            raise PackageError(
                f"{part.name} is not in {store}, from where it goes into the image; run "
                f"'{typed.fetch(part.name, store)}' first"
            )
    return NamedModel(name, serves[0])
