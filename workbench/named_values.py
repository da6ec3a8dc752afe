"""Words ``NAME=VALUE`` of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import ParameterError


def parse(words: Sequence[str], *, example: str) -> dict[str, str]:
    """Parse ``["a=b"]`` to ``{"a": "b"}``.

    Args:
        words: as typed.
        example: what an error shows for a word without ``=``.

    Raises:
        ParameterError: a word without ``=``, or a name with two values.
    """
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ParameterError(f"'{word}' is not NAME=VALUE; write for example {example}")
        if values.setdefault(name, value) != value:
            raise ParameterError(f"{name}={values[name]} and {word} say two things; leave one of them out")
    return values
