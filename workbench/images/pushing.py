"""Push of an image into a repository of ECR: what is checked before, done, and said after it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.deployment.account import Account
from workbench.errors import AccountError, ImageError
from workbench.images.engine_commands import EngineCommands
from workbench.images.image_recipe import Recipe
from workbench.images.image_registry import Repository
from workbench.images.local_image import LocalImage

_ANY_ACCOUNT = "ACCOUNT"


@dataclass(frozen=True)
class Pushed:
    """Image in ECR.

    Attributes:
        uri: URI for ``containerImageUri``.
        digest: digest of its manifest.
        is_new: false where it was there before.
    """

    uri: str
    digest: str
    is_new: bool


def place(account: Account, name: str, kms_key: str | None, *, needs_account: bool) -> tuple[Repository, str]:
    """Repository of that name, and the reason why its account is unknown, empty where it is known.

    Raises:
        AccountError: the account is needed and unknown.
    """
    number, why = _ANY_ACCOUNT, ""
    try:
        number = account.number()
    except AccountError as error:
        if needs_account:
            raise
        why = str(error)
    return Repository(number, account.region, account.partition, name, kms_key), why


def built(
    recipe: Recipe, repository: Repository, tag: str, commands: EngineCommands, client: Any, *, is_named: bool
) -> Pushed:
    """Build and pushes the recipe's image, unless its tag, made of the same content, is there.

    Args:
        recipe: the recipe.
        repository: the repository, created where it is missing.
        tag: the tag.
        commands: commands of the engine.
        client: client of ECR.
        is_named: whether the operator named the tag, so that it says nothing about the content.

    Raises:
        ImageError: a command failed, a named tag is there already, or SageMaker refuses the image's format.
    """
    uri = repository.uri(tag)
    there = repository.image(client, tag)
    if there is not None and is_named:
        raise ImageError(f"{uri} is there already, and a tag never moves to another image; name another with --tag")
    if there is not None:
        there.require_docker_format(uri)
        return Pushed(uri, there.digest, is_new=False)
    for difference in repository.create_where_missing(client):
        commands.say(f"note: {difference}")
    commands.build(recipe, uri)
    return _pushed(repository, tag, commands, client)


def as_it_is(local: LocalImage, repository: Repository, tag: str, commands: EngineCommands, client: Any) -> Pushed:
    """Push an image that is on this machine.

    Raises:
        ImageError: it is of another account, its tag is taken in a repository whose tags never move, a command
            failed, or SageMaker refuses its format.
    """
    _refuse_other_account(local, repository)
    uri = repository.uri(tag)
    there = repository.image(client, tag)
    if there is not None and local.has_digest(commands.engine, there.digest):
        there.require_docker_format(uri)
        return Pushed(uri, there.digest, is_new=False)
    if there is not None and repository.keeps_tags(client):
        raise ImageError(
            f"{uri} is there already with other content, and tags of {repository.name} never move; push it under "
            f"another tag, for example --tag {tag}-2, and deploy that URI as containerImageUri"
        )
    for remark in (*repository.create_where_missing(client), local.remark(commands.engine)):
        if remark:
            commands.say(f"note: {remark}")
    for command in _tagging(local, uri, commands):
        commands.call(command)
    pushed = _pushed(repository, tag, commands, client)
    if there is None:
        return pushed
    commands.say(f"note: {tag} was another image before; the URI with the digest makes an endpoint take the new one")
    return replace(pushed, uri=f"{repository.host}/{repository.name}@{pushed.digest}")


def lines_built(recipe: Recipe, repository: Repository, tag: str, commands: EngineCommands) -> list[str]:
    """Commands of ``built`` in the form to type them."""
    uri = repository.uri(tag)
    return _lines(repository, uri, commands, commands.build_lines(recipe, uri))


def lines_as_it_is(local: LocalImage, repository: Repository, tag: str, commands: EngineCommands) -> list[str]:
    """Commands of ``as_it_is`` in the form to type them."""
    _refuse_other_account(local, repository)
    uri = repository.uri(tag)
    return _lines(repository, uri, commands, [shlex.join(each) for each in _tagging(local, uri, commands)])


def document(pushed: Pushed, repository: Repository, tag: str) -> Mapping[str, Any]:
    """Facts for a program."""
    return {
        "containerImageUri": pushed.uri,
        "digest": pushed.digest,
        "repository": repository.name,
        "tag": tag,
        "pushed": pushed.is_new,
    }


def _lines(repository: Repository, uri: str, commands: EngineCommands, made: Sequence[str]) -> list[str]:
    return [
        *(f"{command}  # where {repository.name} is missing" for command in repository.creation_commands()),
        *made,
        commands.login_line(repository.host, repository.region),
        shlex.join(_push_command(uri, commands)),
    ]


def _tagging(local: LocalImage, uri: str, commands: EngineCommands) -> list[list[str]]:
    return [] if local.reference == uri else [[*commands.engine.command, "tag", local.reference, uri]]


def _push_command(uri: str, commands: EngineCommands) -> list[str]:
    return [*commands.engine.command, "push", *commands.engine.push_options, uri]


def _pushed(repository: Repository, tag: str, commands: EngineCommands, client: Any) -> Pushed:
    uri = repository.uri(tag)
    commands.login(repository.host, repository.region)
    commands.call(_push_command(uri, commands))
    stored = repository.image(client, tag)
    if stored is None:
        raise ImageError(f"{uri} was pushed, and ECR does not list it; call it again")
    stored.require_docker_format(uri)
    return Pushed(uri, stored.digest, is_new=True)


def _refuse_other_account(local: LocalImage, repository: Repository) -> None:
    if local.account not in (None, repository.account) and repository.account != _ANY_ACCOUNT:
        raise ImageError(
            f"{local.reference} is in account {local.account}, and your credentials are of {repository.account}; name "
            "another --profile, or give the image a name without that registry"
        )
