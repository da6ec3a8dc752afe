"""Concurrency and the end of a function, without its processes."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from workbench.local.lambda_service import EventTooLargeError, FunctionError, LambdaFunction, ThrottledError, payload
from workbench.template.rendered_stack import RenderedFunction


def _function(reserved: int | None) -> LambdaFunction:
    rendered = RenderedFunction("f", Path(), "handler", {}, 128, timeout_seconds=20, reserved_concurrency=reserved)
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


def test_an_event_has_six_megabytes_at_most_besides_what_goes_with_the_body() -> None:
    frame = {"body": "é" * (3 * 1024 * 1024)}
    assert len(payload(frame)) > 6 * 1024 * 1024
    with pytest.raises(EventTooLargeError):
        payload({"body": frame["body"] + "é" * 8192})
