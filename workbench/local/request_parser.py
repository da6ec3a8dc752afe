"""Parser of requests that refuses what waitress's would fail over."""

from __future__ import annotations

from waitress.parser import HTTPRequestParser, ParsingError


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """waitress's parser, for which any URL or length that cannot be read is the client's mistake."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header.

        Raises:
            ParsingError: it is none.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("the URL or Content-Length is invalid") from error
        if not self.request_uri.isascii():
            raise ParsingError("Bad URI")  # as waitress says of most of them
