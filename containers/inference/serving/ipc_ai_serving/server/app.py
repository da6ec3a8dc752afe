"""SageMaker's container contract over HTTP: ``GET /ping`` and ``POST /invocations``.

A batch transform job asks ``GET /execution-parameters``, too.
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any, Protocol

from flask import Flask, Response, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from ipc_ai_serving.errors import ClientError, ModelNotReadyError, PayloadTooLargeError, ServingError, error_document
from ipc_ai_serving.hooks.messages import Answer, Request
from ipc_ai_serving.scheduling.stages import Milliseconds
from ipc_ai_serving.server import batch_transform
from ipc_ai_serving.server.custom_attributes import HEADER, camera_id, with_status_and_headers

logger = logging.getLogger(__name__)

_INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
_SHOWN_CHARACTERS = 1000


class Host(Protocol):
    """An application and its model, in this process or in another."""

    def load(self) -> None:
        """Load the model, unless that was done or tried already."""

    def is_ready(self) -> bool:
        """Tell whether the model is loaded."""

    def check_ready(self) -> None:
        """Return when the model is loaded, and raise otherwise."""

    def invoke(self, request: Request) -> tuple[Answer, Milliseconds]:
        """Run the hooks over one request; milliseconds by stage."""


def create_app(host: Host, *, max_body_bytes: int, concurrency: int = 1, model_name: str = "") -> Flask:
    """Create the WSGI application around a host.

    Args:
        host: runs the hooks that answer requests.
        max_body_bytes: most bytes of a body.
        concurrency: requests that are computed at once, which a batch transform job is told.
        model_name: name of the model in the log.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes

    @app.before_request
    def name_request() -> None:
        g.request_id = request.headers.get(_INFERENCE_ID) or str(uuid.uuid4())

    def named() -> dict[str, str]:
        """Ids of the request and its camera, for the log."""
        return {"request_id": g.request_id, "camera_id": camera_id(request.headers.get(HEADER, ""))}

    @app.get("/ping")
    def ping() -> Response:
        host.check_ready()
        return Response("\n", mimetype="application/json")

    @app.get("/execution-parameters")
    def parameters_of_jobs() -> dict[str, Any]:
        return batch_transform.execution_parameters(concurrency=concurrency, max_body_bytes=max_body_bytes)

    @app.post("/invocations")
    def invocations() -> Response:
        try:
            body = _body(max_body_bytes)
        except RequestEntityTooLarge as error:
            raise PayloadTooLargeError(f"the body is too large; send at most {max_body_bytes} bytes") from error
        except (ParseException, OSError) as error:  # from gunicorn: the body breaks HTTP's rules, or breaks off
            raise ClientError("the body did not arrive whole; check Content-Length and Transfer-Encoding") from error
        names = named()
        headers = dict(request.headers)
        answer, stages = host.invoke(Request(body, request.content_type, headers.get("Accept"), headers, **names))
        if answer.status >= 400:
            said = answer.body.decode(errors="replace")[:_SHOWN_CHARACTERS]
            logger.warning("refused: the program answered: %s", said, extra=names | {"status": answer.status})
        else:
            logger.info("served", extra=names | {"model": model_name, "bytes": len(body), "milliseconds": stages})
        return Response(answer.body, answer.status, with_status_and_headers(answer), content_type=answer.content_type)

    @app.errorhandler(ServingError)
    def serving_error(error: ServingError) -> Response:
        if request.path != "/ping":
            logger.warning("refused: %s", error, extra=named() | {"code": error.code})
        response = _error_response(error.status, error.code, str(error))
        if error.status == ModelNotReadyError.status:
            response.headers["Retry-After"] = "1"
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = error.name.title().replace(" ", "")
        return _error_response(error.code or 500, code, error.description or error.name)

    @app.errorhandler(Exception)
    def unexpected_error(_error: Exception) -> Response:
        logger.exception("failed", extra=named())
        return _error_response(500, "InternalError", "the server failed; its log has the reason")

    return app


def _body(max_bytes: int) -> bytes:
    """Read the whole body, at once where its length is known, because werkzeug would read it in pieces.

    Raises:
        RequestEntityTooLarge: the body is over the limit.
        OSError, ParseException: the body broke off, or breaks HTTP's rules.
    """
    length = request.content_length
    if length is None or length > max_bytes:
        return request.get_data(cache=False)
    body: bytes = request.environ["wsgi.input"].read(length)
    if len(body) < length:
        raise ConnectionResetError("the client stopped sending")
    return body


def _error_response(status: int, code: str, message: str) -> Response:
    document = error_document(code, message, g.request_id)
    return Response(json.dumps(document), status=status, mimetype="application/json")
