from __future__ import annotations

import os

import pytest

from inference_api.settings import AuthorizerSettings, Settings


def test_a_stack_without_a_registry_says_nothing_of_it(function_environment: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment(os.environ)
    assert (settings.registry_table, settings.states_table, settings.push_queue_url) == (None, None, None)
    assert (settings.authorization, settings.push_answer) == ("API_KEY", "result")


def test_empty_names_are_none(function_environment: pytest.MonkeyPatch) -> None:
    for name in ("REGISTRY_TABLE", "STATES_TABLE", "PUSH_QUEUE_URL"):
        function_environment.setenv(name, "")
    settings = Settings.from_environment(os.environ)
    assert (settings.registry_table, settings.states_table, settings.push_queue_url) == (None, None, None)


def test_the_registry_is_named(function_environment: pytest.MonkeyPatch) -> None:
    given = {
        "REGISTRY_TABLE": "cameras",
        "STATES_TABLE": "states",
        "API_AUTHORIZATION": "CAMERA",
        "PUSH_ANSWER": "accepted",
        "PUSH_QUEUE_URL": "https://sqs/queue",
    }
    for name, value in given.items():
        function_environment.setenv(name, value)
    settings = Settings.from_environment(os.environ)
    assert (settings.registry_table, settings.states_table) == ("cameras", "states")
    assert (settings.authorization, settings.push_answer) == ("CAMERA", "accepted")
    assert settings.push_queue_url == "https://sqs/queue"
    assert AuthorizerSettings.from_environment(os.environ) == AuthorizerSettings(
        registry_table="cameras", states_table="states", service="inference", metrics_namespace="Test"
    )
