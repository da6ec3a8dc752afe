"""The context of hooks: the request's headers and id, and what hooks set of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipc_ai_serving.hooks.messages import Answer, Request
from tests.user_programs import load_hooks, without_users_modules

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
# As WSGI hands names on.
REQUEST = Request(b"1", headers={"X-Amzn-Sagemaker-Custom-Attributes": "camera_id=gate-1"}, request_id="r-1")


@pytest.fixture(autouse=True)
def _forgotten_modules() -> Iterator[None]:
    with without_users_modules():
        yield


def _answer(folder: Path, expression: str, request: Request = REQUEST) -> Answer:
    hooks = load_hooks(
        folder,
        "import json\n"
        "def model_fn(model_dir): return None\n"
        f"def transform_fn(model, data, content_type, accept, context): return json.dumps({expression})\n",
    )
    hooks.context.begin(request)
    return hooks.output_fn(hooks.predict_fn(hooks.input_fn(request.body, "text/plain"), None), None)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"context.get_request_header(0, '{ATTRIBUTES}')", "camera_id=gate-1"),
        (f"context.get_request_header('{ATTRIBUTES.lower()}')", "camera_id=gate-1"),
        ("context.get_request_header(0, 'X-Other')", None),
        (f"context.get_all_request_header(0)['{ATTRIBUTES}']", "camera_id=gate-1"),
        ("list(context.get_all_request_header(0).items())", [list(pair) for pair in REQUEST.headers.items()]),
        ("context.get_all_request_header(0).get('X-Other', 'none')", "none"),
        ("'x-other' in context.get_all_request_header(0)", False),
        (f"context.request_processor[0].get_request_property('{ATTRIBUTES}')", "camera_id=gate-1"),
        ("dict(context.request_processor[0].get_request_properties())", dict(REQUEST.headers)),
        ("[context.get_request_id(0), context.get_request_id(), context.request_ids[0]]", ["r-1"] * 3),
        ("context.manifest['model']['handler']", "inference"),
        ("context.manifest['model']['modelName'] == context.model_name", True),
    ],
)
def test_what_the_context_tells(tmp_path: Path, expression: str, expected: Any) -> None:
    assert json.loads(_answer(tmp_path, expression).body) == expected


def test_the_answers_status_headers_and_type(tmp_path: Path) -> None:
    sets = "context.set_response_status(422), context.set_response_header(0, 'X-Model', 7)"
    answer = _answer(tmp_path, f"[{sets}, context.set_response_content_type(0, 'text/x-mine')]")
    assert (answer.status, answer.headers, answer.content_type) == (422, (("X-Model", "7"),), "text/x-mine")


def test_nothing_is_left_of_the_request_before(tmp_path: Path) -> None:
    hooks = load_hooks(
        tmp_path,
        "def transform_fn(model, data, content_type, accept, context):\n"
        "    told = str(context.get_all_request_header(0))\n"
        "    context.set_all_response_status(500)\n"
        "    context.set_response_header(0, 'X-Model', '7')\n"
        "    return told\n",
    )
    hooks.context.begin(REQUEST)
    hooks.output_fn((None, "1", "text/plain"), None)
    hooks.context.begin(Request(b"2"))
    assert (hooks.context.get_request_id(), hooks.context.finished(Answer(b"x", "text/plain"))) == (
        "",
        Answer(b"x", "text/plain"),
    )
