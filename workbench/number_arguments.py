"""Numbers of the command line, refused in one sentence."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

_LONGEST = 100  # Python converts no text of more than 4300 digits
_INTEGER = re.compile(rf"[+-]?\d{{1,{_LONGEST}}}", re.ASCII)


def integer(text: str) -> int:
    """Type of an argument that is a whole number, whose range the verb checks."""
    if not _INTEGER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text[:_LONGEST]}' is not a whole number")
    return int(text)


def whole_number(least: int) -> Callable[[str], int]:
    """Type of an argument that is a whole number of ``least`` or more."""

    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text[:_LONGEST]}' is not a whole number of {least} or more")
        return int(text)

    return read


def number(text: str) -> float:
    """Type of an argument that is a finite number of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of 0 or more")
    return value
