"""Parser of requests that refuses what waitress's would fail over, or would read otherwise than others do."""

from __future__ import annotations

import re
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import WSGITask

HEADER_NAMES = "workbench.header_names"
"""Key of the WSGI environment: names of headers as the client wrote them, by WSGI's word for each."""
_NAME = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
_LENGTH = re.compile(rb"^content-length[ \t]*:", re.IGNORECASE | re.MULTILINE)
_CODING = re.compile(rb"^transfer-encoding[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """waitress's parser, for which any URL or length that cannot be read is the client's mistake.

    So is a body whose end is told in two ways: a proxy that believes the other one would take the rest of the body for
    a request of its own. https://www.rfc-editor.org/rfc/rfc9112.html#section-6.1
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header.

        Raises:
            ParsingError: it is none.
        """
        names = [name.decode() for name in _NAME.findall(header_plus)]
        self.header_names = {name.upper().replace("-", "_"): name for name in names}
        codings = _CODING.findall(header_plus)
        if codings and _LENGTH.search(header_plus):
            raise ParsingError("send Content-Length or Transfer-Encoding, not both")
        if len(codings) > 1 or any(coding.lower().count(b"chunked") > 1 for coding in codings):
            raise ParsingError("send Transfer-Encoding once, as chunked")
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("the URL or Content-Length is invalid") from error
        if codings and not self.chunked:
            raise ParsingError("Transfer-Encoding is that of HTTP/1.1, and chunked")
        if not self.request_uri.isascii():
            raise ParsingError("Bad URI")  # as waitress says of most of them


class RequestTask(WSGITask):  # type: ignore[misc]
    """waitress's call of the application, which tells it how the client wrote the names of headers."""

    def get_environment(self) -> dict[str, Any]:
        """Write the WSGI environment."""
        return {**super().get_environment(), HEADER_NAMES: self.request.header_names}
