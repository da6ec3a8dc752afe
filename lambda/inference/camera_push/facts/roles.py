"""The role of each picture of a push: the scene, a face or plate cut out of it, or a body or vehicle cut out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from camera_push import trees
from camera_push.envelope import Envelope, FoundPicture
from camera_push.push import Picture

BACKGROUND, CROP, OBJECT = "background", "crop", "object"
_WORDS = (
    (
        re.compile("background|bkg|bgimg|detectionpicture|detectedimage|detectionimage|scene|overview|panorama"),
        BACKGROUND,
    ),
    (re.compile("face(?!detect)|plate|pilot|cutout|crop"), CROP),
    (re.compile("(?:vehicle|human|target)(?!detect)|person|pedestrian|body|nonmotor|object|feature"), OBJECT),
)


def by_name(name: str | None) -> str | None:
    """The role that a picture's name tells, such as ``crop`` for ``licensePlatePicture_1.jpg``; None for most names."""
    lowered = (name or "").lower()
    return next((role for pattern, role in _WORDS if pattern.search(lowered)), None)


def by_key(tree: object, envelope: Envelope, roles: Mapping[str, str]) -> dict[int, str]:
    """The roles of pictures in base64, by the nearest key above each that the table has.

    Several pictures in one string are a picture and what was cut out of it.

    Returns:
        The role of each number among the envelope's pictures.
    """
    found: dict[int, str] = {}
    for keys, value in trees.walk(tree) if envelope.pictures else ():
        for place, number in enumerate(envelope.numbers_at(value)):
            role = next((roles[key] for key in reversed(keys) if key in roles), None)
            if role is not None:
                found.setdefault(number, CROP if place else role)
    return found


def names_by_key(tree: object, envelope: Envelope, key: str) -> dict[int, str]:
    """The vendor's names of pictures in base64: the value of a key beside each."""
    found: dict[int, str] = {}
    for _, value in trees.walk(tree):
        name = trees.word(value.get(key)) if isinstance(value, dict) else None
        if name is not None:
            found |= {number: name for each in value.values() for number in envelope.numbers_at(each)}
    return found


def pictures(
    envelope: Envelope, roles: Mapping[int, str | None], names: Mapping[int, str] | None = None
) -> tuple[Picture, ...]:
    """The pictures of an envelope in their order, each with its role.

    Args:
        envelope: the push.
        roles: what is known of each number. Of pictures of which nothing is known the one with the most bytes is the
            scene where no other is, and the others were cut out of it.
        names: the vendor's names, where they stand elsewhere than in the part's headers.
    """
    found = envelope.pictures
    unknown = [number for number in range(len(found)) if roles.get(number) is None]
    scene = None
    if BACKGROUND not in roles.values():
        scene = max(unknown, key=lambda number: len(found[number].body), default=None)
    return tuple(
        Picture(
            picture.body,
            roles.get(number) or (BACKGROUND if number == scene else CROP),
            (names or {}).get(number) or name_of(picture),
        )
        for number, picture in enumerate(found)
    )


def scenes(found: Sequence[FoundPicture]) -> dict[int, str | None]:
    """Roles of pictures that software sent: a scene each, but where a name tells another."""
    return {
        number: by_name(picture.filename or picture.part_name) or BACKGROUND for number, picture in enumerate(found)
    }


def name_of(picture: FoundPicture) -> str | None:
    """The file name of a picture's part, else the part's name."""
    return trees.word(picture.filename) or trees.word(picture.part_name)
