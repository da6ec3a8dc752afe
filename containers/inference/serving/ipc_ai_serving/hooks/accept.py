"""The content type of an answer, chosen by the client's header ``Accept`` (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ipc_ai_serving.errors import UnsupportedMediaTypeError

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
KNOWN = (JSON, CSV, NPY)

# Java before 19 sends `*; q=.2`, which is no media range and no weight by the RFC.
_STAR_ALONE = re.compile(r"(^|,)\s*\*\s*(?=[;,]|$)")
_BARE_FRACTION = re.compile(r"(;\s*q\s*=\s*)\.", re.IGNORECASE)


def accepted(accept: str | None) -> str:
    """Choose the known type that the client likes best; of those it likes alike, the one that it names first.

    An unknown type is returned as it is, for the user's own ``output_fn``, where the client takes no known one.

    Raises:
        UnsupportedMediaTypeError: the client excludes every type that it names.
    """
    named = _parsed(accept)
    if not named:
        return JSON
    order = [kind for kind, _ in named if kind in KNOWN]
    choices = sorted(KNOWN, key=lambda kind: (-named.quality(kind), order.index(kind) if kind in order else len(order)))
    if named.quality(choices[0]) > 0:
        return choices[0]
    others = [(kind, quality) for kind, quality in named if quality > 0]
    if not others:
        raise UnsupportedMediaTypeError(f"'{accept}' excludes every answer; accept {', '.join(KNOWN)}")
    return max(others, key=lambda other: other[1])[0]


def _parsed(accept: str | None) -> MIMEAccept:
    """Read the header without parameters of its types, in its own order of types that are liked alike."""
    text = _BARE_FRACTION.sub(r"\g<1>0.", _STAR_ALONE.sub(r"\1*/*", accept or ""))
    return MIMEAccept(
        [
            (kind.split(";")[0].strip().lower(), quality)
            for kind, quality in parse_accept_header(text, MIMEAccept)
            if "/" in kind
        ]
    )
