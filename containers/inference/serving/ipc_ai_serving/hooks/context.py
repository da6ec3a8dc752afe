"""The ``context`` that hooks may take, as in SageMaker's containers that run TorchServe or Multi Model Server.

Source: ``ts/context.py`` of TorchServe. There a call takes the number of a request within its batch, here always 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ipc_ai_serving.hooks.messages import Answer, Request


class Headers(dict[str, str]):
    """Headers of a request, found by their names in any case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self._names = {name.lower(): name for name in self}

    def __getitem__(self, name: str) -> str:
        """Return the header's value.

        Raises:
            KeyError: the request has no such header.
        """
        return super().__getitem__(self._names.get(name.lower(), name))

    def __contains__(self, name: object) -> bool:
        """Tell whether the request has the header."""
        return isinstance(name, str) and name.lower() in self._names

    def get(self, name: str, default: Any = None) -> Any:
        """Return the header's value, or the default."""
        return super().get(self._names.get(name.lower(), name), default)


class Context:
    """Information for a hook, beside its arguments; one object for all requests, which come one after the other.

    Attributes:
        system_properties: ``model_dir``, and ``gpu_id``: 0 where PyTorch sees a GPU, else None.
        manifest: name of the model, and file of the program.
        model_name: name of the model; ``custom`` for a program that was given none.
        request_ids: id of the request, by the number 0.
        request_processor: this object, by the number 0.
    """

    def __init__(self, system_properties: Mapping[str, Any], *, model_name: str, program: str) -> None:
        self.system_properties = system_properties
        self.model_name = model_name
        self.manifest = {"model": {"modelName": model_name, "handler": program, "modelVersion": "1.0"}}
        self.request_processor = [self]
        self.begin(Request(b""))

    def begin(self, request: Request) -> None:
        """Forget the last request, and tell of this one."""
        self.request_ids = {0: request.request_id}
        self._headers = Headers(request.headers)
        self._status = 200
        self._response_headers: dict[str, str] = {}

    def finished(self, answer: Answer) -> Answer:
        """Add the status and the headers that hooks have set to an answer without."""
        if answer.status != 200 or answer.headers:
            return answer
        headers = dict(self._response_headers)
        content_type = headers.pop(next((name for name in headers if name.lower() == "content-type"), ""), None)
        return Answer(answer.body, content_type or answer.content_type, self._status, tuple(headers.items()))

    def get_request_id(self, idx: int = 0) -> str | None:
        """Return the id under which the request is logged."""
        return self.request_ids.get(idx)

    def get_request_header(self, idx: int | str, key: str | None = None) -> str | None:
        """Return a header of the request, or None; the number may be left out."""
        return self.get_request_property(str(idx) if key is None else key)

    def get_all_request_header(self, idx: int = 0) -> Headers:  # noqa: ARG002 (there is one request)
        """Return all headers of the request."""
        return self._headers

    def get_request_property(self, key: str) -> str | None:
        """Return a header of the request, or None."""
        return self._headers[key] if key in self._headers else None  # noqa: SIM401 (get() of a dict may return anything)

    def get_request_properties(self) -> Headers:
        """Return all headers of the request."""
        return self._headers

    def set_response_content_type(self, idx: int, value: str) -> None:
        """Set the content type of the answer."""
        self.set_response_header(idx, "Content-Type", value)

    def set_response_header(self, idx: int, key: str, value: str) -> None:  # noqa: ARG002
        """Set a header of the answer."""
        self._response_headers[key] = str(value)

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:  # noqa: ARG002
        """Set the status of the answer."""
        self._status = int(code)

    def set_all_response_status(self, code: int = 200, phrase: str = "") -> None:  # noqa: ARG002
        """Set the status of the answer."""
        self._status = int(code)
