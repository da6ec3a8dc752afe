"""Bodies that came deflated, which API Gateway inflates before anything sees them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
"""

from __future__ import annotations

import zlib

from workbench.local.api_gateway.gateway_responses import RefusedError

_GZIP, _ZLIB, _BARE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_FORMS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _BARE)}
"""Forms of each coding; some devices leave out the two bytes of zlib before their deflated data."""


def inflated(body: bytes, coding: str, most_bytes: int) -> bytes:
    """Undo the coding of a body.

    Args:
        body: the body as it came.
        coding: the value of ``Content-Encoding``; an empty one, and ``identity``, leave the body as it is.
        most_bytes: largest body.

    Raises:
        RefusedError: the coding is unknown, the body is not in it, or has more bytes without it.
    """
    named = coding.strip().lower()
    if named in ("", "identity") or not body:
        return body
    for form in _FORMS.get(named, ()):
        stream = zlib.decompressobj(form)
        try:
            result = stream.decompress(body, most_bytes + 1)
        except zlib.error:
            continue
        if len(result) > most_bytes:
            raise RefusedError("REQUEST_TOO_LARGE", "Request Too Long")
        if stream.eof:
            return result
    raise RefusedError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
