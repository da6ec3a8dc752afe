"""Credentials of cameras: a key that names itself, and a password that is the rest of it.

A key has 26 letters and digits: the first 10 name it, the other 16 are the secret, 95 bits of chance. Some menus take
no more than 16 characters as a password, and 32 as a user name, so that the secret alone is the password beside the
camera's id or the key's name. A secret of so many bits needs no slow digest: trying them all takes longer than the
universe has. The registry keeps a salted SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ALPHABET = string.ascii_letters + string.digits
_NAME_LENGTH, _SECRET_LENGTH, _SALT_BYTES = 10, 16, 16
_KEY = re.compile(rf"([A-Za-z0-9]{{{_NAME_LENGTH}}})([A-Za-z0-9]{{{_SECRET_LENGTH}}})")
_KEY_NAME = re.compile(rf"[A-Za-z0-9]{{{_NAME_LENGTH}}}")

OF_A_CAMERA = ("frames", "read")
"""The scopes of a camera's credential."""
MOST_CREDENTIALS = 2
"""Of a camera: the one in use, and its successor while cameras are told of it."""


@dataclass(frozen=True)
class Key:
    """A key as it is told once: its name, and its secret."""

    name: str
    secret: str

    @property
    def text(self) -> str:
        """The whole key, for ``x-api-key``, ``Bearer`` and the URL."""
        return f"{self.name}{self.secret}"


@dataclass(frozen=True)
class Credential:
    """What the registry keeps of a key.

    Attributes:
        name: the key's name.
        salt: in hexadecimal digits.
        digest: SHA-256 of salt and secret, in hexadecimal digits.
        scopes: some of ``scopes.SCOPES``.
        created: in UTC.
        expires: the time from which on it is refused, in UTC; None for never.
    """

    name: str
    salt: str
    digest: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None = None

    def proves(self, secret: str, now: datetime) -> bool:
        """True when a secret is that of the key, in a time that tells nothing of it."""
        is_right = hmac.compare_digest(_digest(bytes.fromhex(self.salt), secret), self.digest)
        return is_right and (self.expires is None or now < self.expires)

    def as_document(self) -> dict[str, Any]:
        """The credential as JSON's values."""
        return {
            "name": self.name,
            "salt": self.salt,
            "digest": self.digest,
            "scopes": list(self.scopes),
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat() if self.expires else None,
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Credential:
        """Read what ``as_document`` wrote."""
        expires = document["expires"]
        return cls(
            document["name"],
            document["salt"],
            document["digest"],
            tuple(document["scopes"]),
            datetime.fromisoformat(document["created"]),
            datetime.fromisoformat(expires) if expires else None,
        )


def make(scopes: Iterable[str], now: datetime) -> tuple[Key, Credential]:
    """Draw a key, and what the registry keeps of it."""
    key = drawn()
    return key, kept(key, scopes, now)


def drawn() -> Key:
    """Draw a key."""
    return Key(_drawn(_NAME_LENGTH), _drawn(_SECRET_LENGTH))


def kept(key: Key, scopes: Iterable[str], now: datetime) -> Credential:
    """Make of a key what the registry keeps of it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return Credential(key.name, salt.hex(), _digest(salt, key.secret), tuple(scopes), now)


def parsed(text: str) -> Key | None:
    """Take a key apart; None for a text that is none."""
    found = _KEY.fullmatch(text)
    return Key(found[1], found[2]) if found else None


def is_name(text: str) -> bool:
    """True for a text that may be the name of a key."""
    return _KEY_NAME.fullmatch(text) is not None


def _drawn(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(salt: bytes, secret: str) -> str:
    return hashlib.sha256(salt + secret.encode(errors="surrogatepass")).hexdigest()
