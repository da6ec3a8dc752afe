"""Names and values of the CDK's context, by ``--context NAME=VALUE`` or in cdk.json, checked at the start."""

from __future__ import annotations

import re
from collections.abc import Iterable

import ipc_ai_catalogue as catalogue
from stacks.errors import ContextValueError

STACK_NAME = "stackName"
MODELS, MODELS_FROM, BASE_IMAGE, PIP_INDEX_URL = "models", "modelsFrom", "baseImage", "pipIndexUrl"
RUN_AS = "runAs"
BUILT_IMAGE, CUSTOMIZED_APPLICATION, DELETE_EVENTS = "builtImage", "customizedApplication", "deleteEvents"
SECURITY_CHECKS = "nag"
PUBLISHED_BUCKET, PUBLISHED_VERSION, PUBLISHED_REGISTRIES = "publishBucket", "publishVersion", "publishRegistries"
NAMES = (
    *(STACK_NAME, MODELS, MODELS_FROM, BASE_IMAGE, PIP_INDEX_URL, RUN_AS),
    *(BUILT_IMAGE, CUSTOMIZED_APPLICATION, DELETE_EVENTS),
    *(SECURITY_CHECKS, PUBLISHED_BUCKET, PUBLISHED_VERSION, PUBLISHED_REGISTRIES),
)
"""All names that the stack reads."""
CUSTOMIZED = "customized"
_IMAGES = ("cpu", "gpu", CUSTOMIZED, "none")

# Feature flags and settings of the CDK, what it looked up in an account, and of its command line the last two.
_OF_THE_CDK = re.compile(r"@.*|.*:.*|cli-telemetry|acknowledged-issue-numbers")
_DEFAULT_STACK_NAME = "ipc-ai-saas"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html, StackName
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


def require_known(names: Iterable[str]) -> None:
    """Check names, because the CDK takes a misspelt one without a word.

    Raises:
        ContextValueError: neither the stack nor the CDK reads one of them.
    """
    for name in names:
        if name not in NAMES and not _OF_THE_CDK.fullmatch(name):
            raise ContextValueError(
                f"unknown context '{name}'{catalogue.nearest(name, NAMES)}; known: {', '.join(NAMES)}"
            )


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
