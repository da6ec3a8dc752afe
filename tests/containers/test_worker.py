"""What gunicorn's worker answers when a request never gets to the application."""

from __future__ import annotations

import json
import socket
from typing import Any, cast

import pytest
from gunicorn.http import errors

from serving.worker import DrainingWorker


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (errors.InvalidRequestLine("x"), 400, "InvalidRequest"),
        (errors.LimitRequestLine(1, 2), 414, "InvalidRequest"),
        (errors.InvalidResponseHeader("x"), 500, "InternalError"),  # the application's fault
        (RuntimeError("secret"), 500, "InternalError"),
    ],
)
def test_a_fault_is_told_in_the_error_shape(fault: Exception, status: int, code: str) -> None:
    ours, clients = socket.socketpair()
    with ours, clients:
        DrainingWorker.handle_error(cast(Any, None), None, ours, None, fault)
        ours.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: clients.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert json.loads(body)["error"]["code"] == code
    assert b"secret" not in answer
