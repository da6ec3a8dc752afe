"""One HTTP connection that is kept between requests, and replaced where it may be dead.

Lambda stops a function between its invocations, for seconds or for hours. The other side closes the connection
meanwhile, and its FIN or RST may arrive after the next request was sent, or never. A frame must not be lost by that.
"""

from __future__ import annotations

import functools
import http.client
import io
import select
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, HTTPClientError
from botocore.exceptions import ReadTimeoutError as AnswerTimeoutError

LONGEST_IDLE_SECONDS = 10.0
"""An older connection is not used again. By the wall clock: the monotonic one may stop while Lambda freezes."""

_PIECE_BYTES = 256 * 1024
_CONNECTIONS: dict[str, Callable[..., http.client.HTTPConnection]] = {
    "https": http.client.HTTPSConnection,
    "http": http.client.HTTPConnection,
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class KeptConnection:
    """A connection to one host. Not thread-safe."""

    def __init__(self, url: str, *, connect_timeout: float, read_timeout: float) -> None:
        """Prepare a connection, which the first request opens.

        Args:
            url: scheme and host; its path is not used.
            connect_timeout: seconds until a connection is given up.
            read_timeout: seconds from the connection to the answer's last byte, a second attempt included.
        """
        self._url = urllib.parse.urlsplit(url)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._connection = self._new_connection()
        self._last_used = 0.0

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and read its answer.

        A request goes out a second time only where a connection of an earlier request broke before the answer's first
        byte, or answers 408: that connection was dead before, or its time was over before the request was read.
        https://www.rfc-editor.org/rfc/rfc9110#name-408-request-timeout

        Raises:
            ConnectTimeoutError: the connection was not accepted in time.
            ReadTimeoutError: the whole answer did not come in time.
            EndpointConnectionError: there is no connection.
            HTTPClientError: the connection broke.
        """
        is_reused = self._is_usable()
        if not is_reused:
            self._connect(self._connect_timeout)
        exchange = _Exchange(self._read_timeout)
        try:
            answer = self._attempt(exchange, path, headers, body)
            if not is_reused or answer.status != http.client.REQUEST_TIMEOUT:
                return answer
        except AnswerTimeoutError:
            raise
        except HTTPClientError:
            if not is_reused or exchange.has_begun:
                raise
        self._connect(min(self._connect_timeout, exchange.seconds_left))
        return self._attempt(exchange, path, headers, body)

    def close(self) -> None:
        """Close the connection, so that the next request reads nothing left over from a failed one."""
        self._connection.close()
        self._connection = self._new_connection()

    def _new_connection(self) -> http.client.HTTPConnection:
        return _CONNECTIONS[self._url.scheme](self._url.netloc)

    def _is_usable(self) -> bool:
        """True when the connection kept may still be open; a clock that was set back says nothing of its age."""
        kept = self._connection.sock
        if kept is None:
            return False
        is_young = 0 <= time.time() - self._last_used <= LONGEST_IDLE_SECONDS
        # Readable before a request was sent: the other side closed it.
        return is_young and not select.select([kept], [], [], 0)[0]

    def _connect(self, timeout: float) -> None:
        self.close()
        self._connection.timeout = timeout
        try:
            self._connection.connect()
        except TimeoutError as error:
            self.close()
            raise ConnectTimeoutError(endpoint_url=self._url.geturl()) from error
        except OSError as error:
            self.close()
            raise EndpointConnectionError(endpoint_url=self._url.geturl(), error=error) from error

    def _attempt(self, exchange: _Exchange, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return self._exchanged(exchange, path, headers, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            # A timeout of the kernel's has a number: the connection is dead.
            if isinstance(error, TimeoutError) and error.errno is None:
                raise AnswerTimeoutError(endpoint_url=self._url.geturl()) from error
            raise HTTPClientError(error=error) from error

    def _exchanged(self, exchange: _Exchange, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send and read. An answer that comes before all is sent counts, and ends the connection."""
        connection = self._connection
        kept = connection.sock
        connection.response_class = cast(Any, functools.partial(_TimedResponse, exchange=exchange))
        # Values are signed as UTF-8; http.client would send text as Latin-1, or not at all.
        encoded = {name: value.encode() for name, value in headers.items()}
        exchange.limit(kept)
        interrupted: OSError | None = None
        try:
            pieces = _pieces(body, kept, exchange)
            connection.request("POST", path, pieces, {**encoded, "Content-Length": str(len(body))})
        except TimeoutError:
            raise
        except OSError as error:  # the other side refused the rest; its answer may be here
            interrupted = error
        try:
            response = connection.getresponse()
        except OSError as error:
            raise interrupted or error from error
        finally:
            was_refused = interrupted is not None
            interrupted = None  # its traceback has this call in it, and the body
        is_early = was_refused or response.status == http.client.REQUEST_TIMEOUT
        answer = Answer(response.status, response.headers, _body(response, was_refused=is_early))
        if was_refused:
            self.close()
        self._last_used = time.time()
        return answer


class _Exchange:
    """The time and the progress of one request.

    Attributes:
        has_begun: true once a byte of the answer came.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.has_begun = False

    @property
    def seconds_left(self) -> float:
        """The time that is left; a millisecond at least, because a socket takes 0 for no waiting at all."""
        return max(0.001, self._end - time.monotonic())

    def limit(self, sock: socket.socket) -> None:
        """Let the socket's next call take no longer than the time that is left.

        Raises:
            TimeoutError: none is left.
        """
        if time.monotonic() >= self._end:
            raise TimeoutError("the time for an answer is over")
        sock.settimeout(self.seconds_left)


class _TimedResponse(http.client.HTTPResponse):
    """An answer whose every read ends with the exchange's time."""

    def __init__(self, sock: socket.socket, *, exchange: _Exchange, **words: Any) -> None:
        super().__init__(sock, **words)
        self._reader = _TimedReader(self.fp.detach(), sock, exchange)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read the head, which http.client takes for whole where the connection ends in it.

        Raises:
            IncompleteRead: it is not whole.
        """
        super().begin()
        if self._reader.is_at_end:
            raise http.client.IncompleteRead(b"")


class _TimedReader(io.RawIOBase):
    def __init__(self, source: io.RawIOBase, sock: socket.socket, exchange: _Exchange) -> None:
        self._source = source
        self._sock = sock
        self._exchange = exchange
        self.is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._exchange.limit(self._sock)
        count = self._source.readinto(buffer)
        self._exchange.has_begun |= bool(count)
        self.is_at_end = count == 0
        return cast("int | None", count)

    def close(self) -> None:
        self._source.close()
        super().close()


def _body(response: http.client.HTTPResponse, *, was_refused: bool) -> bytes:
    """The answer's body. Of a refusal that a reset cuts short, the status tells enough."""
    try:
        return response.read()
    except (OSError, http.client.IncompleteRead):
        if was_refused and response.status >= http.client.BAD_REQUEST:
            return b""
        raise


def _pieces(body: bytes, sock: socket.socket, exchange: _Exchange) -> Iterator[memoryview]:
    """The body without a copy, in pieces: over TLS a timeout holds for each piece, not for all of them."""
    view = memoryview(body)
    for start in range(0, len(view), _PIECE_BYTES):
        exchange.limit(sock)
        yield view[start : start + _PIECE_BYTES]
