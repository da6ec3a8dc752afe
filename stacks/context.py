"""Values of the CDK's context, by ``--context NAME=VALUE`` or in cdk.json, checked before the CDK uses them."""

from __future__ import annotations

import re

import ipc_ai_catalogue as catalogue
from stacks.errors import ContextValueError

STACK_NAME, MODELS, BUILT_IMAGE = "stackName", "models", "builtImage"
CUSTOMIZED, NO_IMAGE = "customized", "none"
_IMAGES = ("cpu", "gpu", CUSTOMIZED, NO_IMAGE)
_DEFAULT_STACK_NAME = "ipc-ai-saas"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html, StackName
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


def stack_name(given: object) -> str:
    """The stack's name.

    Raises:
        ContextValueError: CloudFormation does not take it.
    """
    if given in (None, ""):
        return _DEFAULT_STACK_NAME
    if not isinstance(given, str) or not _STACK_NAME.fullmatch(given):
        raise ContextValueError(
            f"{STACK_NAME} cannot be {given!r}; it takes a letter, then letters, digits and hyphens, at most 128 in all"
        )
    return given


def require_models_of_catalogue(given: object) -> None:
    """Check the names of the models that the images are built with, which have spaces between.

    Raises:
        ContextValueError: one of them is not in the catalogue.
    """
    if given in (None, ""):
        return
    if not isinstance(given, str):
        raise ContextValueError(f"{MODELS} cannot be {given!r}; it takes names of models with spaces between")
    known = catalogue.load()
    for name in given.split():
        try:
            known.parts(name)
        except catalogue.UnknownNameError as error:
            raise ContextValueError(f"{MODELS}: {error}; put spaces between names") from error


def built_image(given: object) -> str | None:
    """The one image to build; None for all that the parameters may choose.

    Raises:
        ContextValueError: there is no such image.
    """
    if given in (None, ""):
        return None
    if given not in _IMAGES:
        near = catalogue.nearest(str(given), _IMAGES)
        raise ContextValueError(f"{BUILT_IMAGE} cannot be {given!r}{near}; it takes one of: {', '.join(_IMAGES)}")
    return str(given)
