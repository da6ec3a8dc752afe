"""LitServe: ``python -m workbench.speed.peers.litserve_server MODEL WORKERS --port PORT``.

LitServe reads the annotations of ``decode_request`` as they are, so they must not be deferred to strings.
"""

import argparse
import signal
from pathlib import Path
from typing import Annotated, Any

import litserve
from fastapi import Body, HTTPException

from workbench.speed.peers.yolox import Yolox


class People(litserve.LitAPI):  # type: ignore[misc] # untyped where it is not installed
    """Detector of people; every worker process has one."""

    def __init__(self, model: Path) -> None:
        super().__init__(api_path="/invocations")
        self._model = model

    def setup(self, device: str) -> None:  # noqa: ARG002 (LitServe's signature)
        """Load the model in the worker."""
        self._detector = Yolox(self._model)

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> bytes:
        """Take the frame as it was sent; without base64 and JSON, LitServe's default."""
        return request

    def predict(self, frame: bytes) -> dict[str, Any]:
        """Decode the frame and find people."""
        try:
            return self._detector.people(frame)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("workers", type=int)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # LitServe ends its processes at SIGINT alone
    server = litserve.LitServer(
        People(arguments.model),
        accelerator="cpu",
        workers_per_device=arguments.workers,
        healthcheck_path="/ping",
    )
    server.run(host="127.0.0.1", port=arguments.port, generate_client_file=False, access_log=False)


if __name__ == "__main__":
    _main()
