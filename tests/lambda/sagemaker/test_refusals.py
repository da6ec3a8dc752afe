"""Failures of containers that do not know the shape of our errors."""

from __future__ import annotations

import json

import pytest

from inference_api.errors import ModelFailedError
from inference_api.sagemaker.refusals import translated_failure


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Object detector only supports application/json data", "Object detector only supports application/json data"),
        ("  no\n picture \n", "no picture"),
        (json.dumps({"detail": "no face"}), "no face"),  # FastAPI
        (json.dumps({"error": "no face"}), "no face"),
        (json.dumps("no face"), "no face"),
        (json.dumps({"errors": [1]}), '{"errors": [1]}'),
        (
            "<!doctype html>\n<html lang=en>\n<title>400 Bad</title>\n<h1>Bad Request</h1>\n<p>no &amp; face</p>\n",
            "Bad Request no & face",
        ),
        ("x" * 5000, "x" * 1000),
        ("", "the model refused the request"),
        (json.dumps({"error": {"message": None}}), "the model refused the request"),
        (json.dumps({"error": {"message": "no face", "code": 7}}), "no face"),
        ("[" * 100_000, "[" * 1000),
    ],
)
def test_a_refusals_sentence_reaches_the_client(said: str, message: str) -> None:
    error = translated_failure(422, said)
    assert (error.status, str(error)) == (422, message)
    assert isinstance(error.code, str)


@pytest.mark.parametrize("status", [500, 502, 302])
def test_a_failure_is_the_models(status: int) -> None:
    error = translated_failure(status, "Traceback: secret")
    assert isinstance(error, ModelFailedError)
    assert "secret" not in str(error)
    assert error.log_fields == {"code": "ModelFailed", "status": 502, "model_said": f"{status}: Traceback: secret"}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("the database of plates is down", "the database of plates is down"),
        (json.dumps({"error": {"code": "Down", "message": "no database"}}), "no database"),
        (json.dumps({"detail": "no database"}), "no database"),
        ("<html><h1>503 Service Temporarily Unavailable</h1></html>", "the endpoint is overloaded or still loading"),
        ("", "the endpoint is overloaded or still loading"),
    ],
)
def test_a_model_that_is_unavailable_says_why(said: str, message: str) -> None:
    error = translated_failure(503, said)
    assert (error.status, error.code, error.retry_after_seconds) == (503, "EndpointUnavailable", 1)
    assert str(error).startswith(message)
