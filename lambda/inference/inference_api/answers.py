"""The container's answer as Lambda and API Gateway pass it on."""

from __future__ import annotations

import json
from email.message import Message

from inference_api.errors import AnswerTooLargeError
from inference_api.sagemaker.endpoint import Inference

MAX_RESPONSE_BYTES = 6_291_556
"""Lambda's limit for what a function returns, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_HEADERS_BYTES = 8192  # more than all headers of an answer
_MOST_BYTES_OF_A_BYTE = 6  # a control character in JSON: \\u0000


def require_room_for(result: Inference) -> None:
    """Returns when the answer fits into what the function may return.

    Raises:
        AnswerTooLargeError: Lambda would throw it away, and the client would get a 502 without a reason.
    """
    room = MAX_RESPONSE_BYTES - _HEADERS_BYTES
    if len(result.body) * _MOST_BYTES_OF_A_BYTE <= room:
        return
    size = len(json.dumps(text(result)[0])) if result.is_text else 4 * (len(result.body) // 3 + 1)
    if size > room:
        raise AnswerTooLargeError(
            f"the model's answer takes {size} bytes in the function's response, which has room for {room}; "
            "ask for fewer results, or let the application answer less"
        )


def text(result: Inference) -> tuple[str, str]:
    """A text, and its content type. Whatever its charset was, API Gateway passes it on as UTF-8."""
    charset = _charset(result.content_type)
    try:
        return result.body.decode(charset), _as_utf_8(result.content_type, charset)
    except (LookupError, UnicodeDecodeError):
        return result.body.decode(errors="replace"), _as_utf_8(result.content_type, charset)


def _charset(content_type: str) -> str:
    header = Message()
    header["Content-Type"] = content_type
    return str(header.get_param("charset", "utf-8"))


def _as_utf_8(content_type: str, charset: str) -> str:
    if charset.lower() in ("utf-8", "utf8", "us-ascii"):
        return content_type
    return f"{content_type.split(';')[0].strip()}; charset=utf-8"
