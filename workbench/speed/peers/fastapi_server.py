"""FastAPI under uvicorn: ``python -m workbench.speed.peers.fastapi_server MODEL WORKERS --port PORT``."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Body, FastAPI, HTTPException

from workbench.speed.peers.yolox import Yolox

_MODEL = "PEER_MODEL"
"""Environment variable in which uvicorn's worker processes find the model's file."""


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.detector = Yolox(Path(os.environ[_MODEL]))
    yield


app = FastAPI(lifespan=_lifespan)


@app.get("/ping")  # type: ignore[untyped-decorator] # where FastAPI is not installed
async def ping() -> None:
    """Answer that the server lives."""


@app.post("/invocations")  # type: ignore[untyped-decorator]
def invocations(frame: Annotated[bytes, Body(media_type="image/jpeg")]) -> dict[str, Any]:
    """Detect people on a thread of FastAPI's pool, as it does with every blocking function."""
    try:
        found: dict[str, Any] = app.state.detector.people(frame)
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    return found


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("workers", type=int)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    os.environ[_MODEL] = arguments.model
    name = "workbench.speed.peers.fastapi_server:app"
    uvicorn.run(name, port=arguments.port, workers=arguments.workers, access_log=False)


if __name__ == "__main__":
    _main()
