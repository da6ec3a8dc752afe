"""Concurrency and the end of a function, without its processes."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from workbench.local.services.lambda_service import (
    EventTooLargeError,
    FunctionError,
    LambdaFunction,
    ThrottledError,
    payload,
)
from workbench.template.rendered_function import RenderedFunction


def _function(reserved: int | None, *, timeout_seconds: int = 20) -> LambdaFunction:
    rendered = RenderedFunction("f", Path(), "handler", {}, 128, timeout_seconds, reserved_concurrency=reserved)
    return LambdaFunction(rendered, "us-east-1")


def test_reserved_concurrency_is_the_limit_and_the_end_frees_all_who_wait() -> None:
    function = _function(2)
    failures: list[str] = []

    def invoke() -> None:
        try:
            function.invoke(b"{}")
        except FunctionError as error:
            failures.append(str(error))

    waiting = [threading.Thread(target=invoke) for _ in range(2)]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 5
    while len(function._unanswered) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(ThrottledError):
        function.invoke(b"{}")
    function.end()
    for thread in waiting:
        thread.join(5)
    assert failures == ["the function was stopped"] * 2
    with pytest.raises(FunctionError, match="was stopped"):
        function.invoke(b"{}")


def test_an_impatient_caller_leaves_before_the_function_times_out() -> None:
    with pytest.raises(TimeoutError):
        _function(None).invoke(b"{}", patience_seconds=0.05)


def test_waiting_for_an_instance_is_not_the_functions_time() -> None:
    function = _function(None, timeout_seconds=1)
    instance = function.runtime_api().test_client()
    path = "/2018-06-01/runtime/invocation"
    answers: list[object] = []
    waiting = threading.Thread(target=lambda: answers.append(function.invoke(b"{}", patience_seconds=20)))
    waiting.start()
    time.sleep(1.5)
    assert waiting.is_alive()
    taken = instance.get(f"{path}/next")
    left = int(taken.headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
    instance.post(f"{path}/{taken.headers['Lambda-Runtime-Aws-Request-Id']}/response", json={"statusCode": 200})
    waiting.join(5)
    assert answers == [{"statusCode": 200}]
    assert 0.5 < left <= 1


def test_a_handler_that_does_not_answer_times_out() -> None:
    function = _function(None, timeout_seconds=1)
    threading.Thread(
        target=function.runtime_api().test_client().get, args=["/2018-06-01/runtime/invocation/next"]
    ).start()
    with pytest.raises(FunctionError, match="timed out after 1 seconds"):
        function.invoke(b"{}", patience_seconds=20)


def test_an_event_has_six_megabytes_at_most_besides_what_goes_with_the_body() -> None:
    frame = {"body": "é" * (3 * 1024 * 1024)}
    assert len(payload(frame)) > 6 * 1024 * 1024
    with pytest.raises(EventTooLargeError):
        payload({"body": frame["body"] + "é" * 8192})
