"""A request as the hooks get it, and their answer; both travel between a worker and the process of a user's program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        body: its body.
        content_type: of the body, as the client named it.
        accept: content types that the client takes, in the form of HTTP's header ``Accept``.
        headers: all its headers.
        request_id: its id in the log.
        camera_id: its camera in the log.
    """

    body: bytes
    content_type: str | None = None
    accept: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    camera_id: str = ""


class Answer(NamedTuple):
    """An answer: its body and the content type of it; status and further headers are those of a user's program."""

    body: bytes
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a request: an answer, or a refusal's status, code and message; and milliseconds by stage."""

    answer: Answer | None = None
    refusal: tuple[int, str, str] = (0, "", "")
    stages: Mapping[str, float] = field(default_factory=dict)
